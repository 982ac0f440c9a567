/** Operations over transports that carry more than one result: WebSocket, server-sent events, multipart. */
import type { IncomingHttpHeaders } from "node:http";
import type { GraphQLFormattedError } from "graphql";
import type { Trace } from "../upstream/trace.ts";

/** What a client asks for, as it came. */
export interface OperationRequest {
  readonly query?: string;
  readonly operationName?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** Who asks, and for how long. */
export interface OperationClient {
  /** With the caller's credentials, tenant and language; names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Where the operation is noted. */
  readonly trace: Trace;
  /** Aborts when the client has gone away. */
  readonly signal: AbortSignal;
}

/** Nothing ran: the text does not parse, does not fit the schema, or names no operation. */
interface RefusedOperation {
  readonly kind: "refused";
  readonly errors: readonly GraphQLFormattedError[];
}

/** The operation is valid, and runs. */
interface RunningOperation {
  readonly kind: "running";
  readonly isSubscription: boolean;
  /**
   * JSON texts of execution results: one of a query; of a subscription the state now and then every change. It waits
   * for its reader: what changes meanwhile comes as one result, the newest. `return()` ends the operation. Never
   * throws: failures are results with `errors`.
   */
  readonly results: AsyncGenerator<string, void, undefined>;
}

export type OpenedOperation = RefusedOperation | RunningOperation;

export interface Operations {
  /** Checks the operation and starts it. Settles before its first result is known. */
  readonly open: (request: OperationRequest, client: OperationClient) => Promise<OpenedOperation>;
}
