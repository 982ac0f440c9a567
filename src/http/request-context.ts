/** Creates the context of an operation from its request, and the abort signal of its client. */
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyReply } from "fastify";
import type { OperationContext } from "../graphql/context.ts";
import type { OperationLog } from "../model/operation-log.ts";

interface RequestInfo {
  /** Include the caller's credentials, tenant and language; names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Records what the operation does. */
  readonly operationLog: OperationLog;
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
  /** How long the client waits for its response, in milliseconds. Default: as its header says. */
  readonly deadlineMs?: number | null;
  /** True when the transport can send more than one response. */
  readonly acceptsSubscriptions: boolean;
}

/** @throws InvalidDeadline */
export type CreateContext = (info: RequestInfo) => OperationContext;

/** A signal that aborts when the client disconnects before its response is complete. */
export function clientAbortSignal({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.on("close", () => {
    if (!raw.writableFinished) controller.abort(new Error(CLIENT_DISCONNECTED));
  });
  return controller.signal;
}

export const CLIENT_DISCONNECTED = "The client has disconnected.";
