/**
 * The trace headers of requests (W3C Trace Context). If the gateway does not trace, it passes the trace of a request on to
 * the upstream, as proxies do: the upstream calls then belong directly to the span of the client.
 */
import {
  type AttemptTrace,
  createCallOnlyTrace,
  type OperationTrace,
  type TraceHeaders,
} from "../model/operation-trace.ts";

/** Version, trace id, span id and flags. Version ff is invalid, and so are ids of zeros. */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(-.*)?$/;

/** Versions after 00 may append fields. */
function isTraceparent(text: string): boolean {
  const [match, version, appended] = TRACEPARENT.exec(text) ?? [];
  return match !== undefined && (version !== "00" || appended === undefined);
}

/** The limit that the specification requires to pass on. A longer list is dropped. */
const MAX_TRACESTATE_LENGTH = 512;
const MAX_TRACEPARENT_LENGTH = 200;

const isText = (value: unknown, maxLength: number): value is string =>
  typeof value === "string" && value.length <= maxLength && /^[\x20-\x7e]+$/.test(value);

/**
 * Reads the trace headers of a request, or fields with their names in a message. Null without a valid `traceparent`.
 * An invalid `tracestate` is dropped.
 */
export function readTraceHeaders({
  traceparent,
  tracestate,
}: Readonly<Record<string, unknown>>): TraceHeaders | null {
  if (!isText(traceparent, MAX_TRACEPARENT_LENGTH) || !isTraceparent(traceparent)) return null;
  return { traceparent, ...(isText(tracestate, MAX_TRACESTATE_LENGTH) && { tracestate }) };
}

/** The trace of a request if the gateway does not trace. Null if the request belongs to none. */
export function forwardedTrace(headers: Readonly<Record<string, unknown>>): OperationTrace | null {
  if (headers.traceparent === undefined) return null;
  const traceHeaders = readTraceHeaders(headers);
  if (traceHeaders === null) return null;
  const attempt: AttemptTrace = { headers: traceHeaders, end: () => {} };
  return createCallOnlyTrace(() => ({ startAttempt: () => attempt, lastHeaders: () => traceHeaders }));
}
