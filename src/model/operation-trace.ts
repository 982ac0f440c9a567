/**
 * What the layers report about the operations that they serve, for distributed tracing. `tracing/` implements it with
 * spans; the layers themselves do not know the library. If tracing is off, `http/forwarded-trace.ts` implements it for
 * requests that belong to a trace, to pass their headers on.
 */
import type { RequiredData } from "./job-instance.ts";

/** Valid headers of W3C Trace Context, as a client or this gateway sends them. */
export interface TraceHeaders {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** Starts traces. */
export interface Tracer {
  /** A request to a GraphQL route has arrived. */
  readonly startRequest: (request: TracedRequest) => OperationTrace;
  /** An operation on a WebSocket begins. It belongs to no request. */
  readonly startWebSocketOperation: (parent: TraceHeaders | null) => OperationTrace;
  /** A call begins that no operation asks for. */
  readonly startPoll: (purpose: PollPurpose) => OperationTrace;
}

interface TracedRequest {
  readonly method: string;
  readonly route: string;
  /** The span that the request belongs to. Null: it begins a new trace. */
  readonly parent: TraceHeaders | null;
}

/** Why the gateway makes a call on its own: to find changes of a watched job, or to check a permission. */
export type PollPurpose = "poll" | "permission_check";

/** The trace of one operation, or of the request that carries it. */
export interface OperationTrace {
  /** For log lines and errors, in hex. Null if this gateway only passes the trace on. */
  readonly traceId: string | null;
  readonly startOperation: () => void;
  /** Call it once the operation is known. `document` is hashed. */
  readonly describeOperation: (name: string | null, type: string, document: string) => void;
  /** What served a lookup. `joined` is the call of another operation, if one was joined. */
  readonly recordLookup: (source: LookupSource, joined: CallTrace | null) => void;
  readonly startCall: (requiredData: RequiredData) => CallTrace;
  /**
   * The operation has its response, or the first one of a subscription. Later calls have no effect.
   * @param errorCodes of the response
   */
  readonly endOperation: (errorCodes: readonly string[], isAborted: boolean) => void;
  /**
   * The response was sent, or the first one of a subscription. Later calls have no effect.
   * @param statusCode null if the client disconnected before
   */
  readonly endRequest: (statusCode: number | null, errorCodes: readonly string[]) => void;
}

/**
 * What served a lookup: a cached snapshot, one of another instance (`shared`), an upstream call that was already in flight, or a
 * call of its own. `stale`: that call failed, and an older snapshot was served.
 */
export type LookupSource = "cache" | "shared" | "coalesced" | "upstream" | "stale";

/** The trace of one upstream call. */
export interface CallTrace {
  /** The call is sent, for the first time or again. */
  readonly startAttempt: (retries: number) => AttemptTrace;
  /** The headers of the last attempt. Null before the first. */
  readonly lastHeaders: () => TraceHeaders | null;
}

export interface AttemptTrace {
  /** The upstream receives them. */
  readonly headers: TraceHeaders;
  readonly end: (call: TracedCall) => void;
}

/** An upstream call that has ended. */
export interface TracedCall {
  /** `job`, `notFound`, `denied`, `ABORTED` or an error code. */
  readonly outcome: string;
  /** How long the call waited for a connection; null if it never got one. */
  readonly queuedMs: number | null;
  /** Size of the response body after decompression; 0 if none was received. */
  readonly bodyBytes: number;
  /** Null if no response was received. */
  readonly httpStatus: number | null;
  /** `job_request_id` of the response. */
  readonly upstreamRequestId: string | null;
}

/** Outcomes of calls that are not errors, as metrics and spans name them. Errors have their codes. */
export const SUCCESSFUL_OUTCOMES: ReadonlyMap<string, string> = new Map([
  ["job", "ok"],
  ["notFound", "not_found"],
  ["denied", "denied"],
]);

/** Creates a trace that consists of its calls only: nothing else is recorded, and errors have no trace id. */
export const createCallOnlyTrace = (startCall: OperationTrace["startCall"]): OperationTrace => ({
  traceId: null,
  startOperation: ignore,
  describeOperation: ignore,
  recordLookup: ignore,
  startCall,
  endOperation: ignore,
  endRequest: ignore,
});

const ignore = () => {};
