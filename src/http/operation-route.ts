/** What routes that run operations get from the server. */
import type { onRequestHookHandler } from "fastify";
import type { RunOperation } from "../graphql/operation/run.ts";
import type { CreateContext } from "./request-context.ts";
import type { RequestLog } from "./request-log.ts";

export interface OperationRouteOptions {
  readonly run: RunOperation;
  readonly createContext: CreateContext;
  /** Origins of web pages that may use the gateway, in addition to its own. `*` allows all. */
  readonly allowedOrigins: readonly string[];
  /** Hooks that may reject requests: load shedding, rate limit. */
  readonly admission: readonly onRequestHookHandler[];
  readonly requestLog: Pick<RequestLog, "operationLogOf" | "logInternalErrors">;
}
