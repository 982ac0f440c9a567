/** What an operation is told of the request that it came with. */
import type { IncomingHttpHeaders } from "node:http";
import type { OperationContext } from "../graphql/context.ts";
import type { Trace } from "../upstream/trace.ts";

interface RequestFacts {
  /** With the caller's credentials, tenant and language; names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Where the operation is noted. */
  readonly trace: Trace;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  /** Whether more than one result can be sent. */
  readonly takesSubscription: boolean;
}

/** Makes the context of one operation. */
export type CreateContext = (facts: RequestFacts) => OperationContext;
