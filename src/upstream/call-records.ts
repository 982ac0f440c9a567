/**
 * Records the outcomes of upstream calls: each one for an observer such as metrics, and consecutive failures. Decides what is
 * a failure of the upstream, for the circuit breaker, `/readyz` and the metrics alike.
 */
import type { JobOutcome, RequiredData } from "../model/job-instance.ts";
import type { AttemptTrace, TracedCall } from "../model/operation-trace.ts";
import type { CallResult } from "./circuit-breaker.ts";
import { UpstreamError, type UpstreamErrorCode } from "./upstream-error.ts";

/** `ABORTED`: nobody waited for the call any more. `INTERNAL_SERVER_ERROR`: a bug of the gateway. */
type CallOutcome = JobOutcome["kind"] | UpstreamErrorCode | "ABORTED" | "INTERNAL_SERVER_ERROR";

/** An upstream call that has ended. */
interface FinishedCall extends TracedCall {
  readonly requiredData: RequiredData;
  readonly outcome: CallOutcome;
  /** Whether it is a failure of the upstream. */
  readonly hasFailed: boolean;
  /** From the request for a connection until the response was decoded. */
  readonly durationMs: number;
}

export type ObserveCall = (call: FinishedCall) => void;

/** Filled while the call runs. */
export interface CallRecord {
  /** What the call says about the upstream. `unknown` until it has ended. */
  result: CallResult;
  /** By `performance.now()`; null until the call gets a connection. */
  connectedAt: number | null;
  bodyBytes: number;
  /** Null if the call is not traced. */
  readonly trace: AttemptTrace | null;
  /** Null until the response arrives. */
  httpStatus: number | null;
  upstreamRequestId: string | null;
}

/** Calls that have failed since the last one that the upstream answered. */
export interface FailedCalls {
  readonly count: number;
  /** Of the last failure. */
  readonly code: CallOutcome;
  readonly secondsAgo: number;
}

export interface CallRecords {
  /** Makes a call and records its outcome in `record`, also in its trace. `signal` is that of the call. */
  readonly record: (
    requiredData: RequiredData,
    signal: AbortSignal,
    record: CallRecord,
    call: (record: CallRecord) => Promise<JobOutcome>,
  ) => Promise<JobOutcome>;
  /** Null if the last call was answered, or if there was none. */
  readonly failures: () => FailedCalls | null;
}

/** @param trace null if the call is not traced */
export const createCallRecord = (trace: AttemptTrace | null): CallRecord => ({
  result: "unknown",
  connectedAt: null,
  bodyBytes: 0,
  trace,
  httpStatus: null,
  upstreamRequestId: null,
});

/**
 * From this time, a call that is aborted at the deadline of its last waiter counts as a timeout of the upstream. A
 * waiter with a shorter deadline learns nothing about the upstream.
 */
const MIN_TIMEOUT_MS = 1_000;

/** Whether the upstream had enough time to respond before the deadline of the last waiter aborted the call. */
const hasTimedOut = ({ connectedAt }: CallRecord, { reason }: AbortSignal): boolean =>
  reason instanceof UpstreamError &&
  reason.code === "UPSTREAM_TIMEOUT" &&
  connectedAt !== null &&
  performance.now() - connectedAt >= MIN_TIMEOUT_MS;

/**
 * What a call that failed says about the upstream. Connection errors, timeouts and HTTP 5xx are failures of the upstream. All
 * other responses are answers, such as rejected credentials, an invalid argument, or a contract violation.
 */
function resultOf(error: unknown, signal: AbortSignal, callRecord: CallRecord): CallResult {
  // Before the error is examined: the reason of the signal can be the deadline of the last waiter.
  if (signal.aborted) return hasTimedOut(callRecord, signal) ? "failed" : "unknown";
  if (!(error instanceof UpstreamError) || error.origin === "gateway") return "unknown";
  const { code, upstream } = error;
  const isFailure =
    code === "UPSTREAM_TIMEOUT" || code === "UPSTREAM_UNAVAILABLE" || (upstream.httpStatus ?? 0) >= 500;
  return isFailure ? "failed" : "answered";
}

const outcomeOf = (error: unknown, { aborted }: AbortSignal): CallOutcome => {
  if (aborted) return "ABORTED";
  return error instanceof UpstreamError ? error.code : "INTERNAL_SERVER_ERROR";
};

/** @param onCall observes each call; null to observe none. */
export function createCallRecords(onCall: ObserveCall | null): CallRecords {
  let failed: { readonly count: number; readonly code: CallOutcome; readonly at: number } | null = null;

  const observe = (
    requiredData: RequiredData,
    { result, connectedAt, bodyBytes, trace, httpStatus, upstreamRequestId }: CallRecord,
    startedAt: number,
    outcome: CallOutcome,
  ) => {
    if (onCall === null && trace === null) return;
    const durationMs = performance.now() - startedAt;
    const queuedMs = connectedAt === null ? null : connectedAt - startedAt;
    const response = { bodyBytes, httpStatus, upstreamRequestId };
    const call = { requiredData, outcome, hasFailed: result === "failed", durationMs, queuedMs, ...response };
    onCall?.(call);
    trace?.end(call);
  };

  const countResult = (result: CallResult, outcome: CallOutcome) => {
    if (result === "answered") failed = null;
    if (result !== "failed") return;
    // Only a timeout can be a failure of a call that was aborted.
    const code = outcome === "ABORTED" ? "UPSTREAM_TIMEOUT" : outcome;
    failed = { count: (failed?.count ?? 0) + 1, code, at: performance.now() };
  };

  const record: CallRecords["record"] = async (requiredData, signal, callRecord, call) => {
    const startedAt = performance.now();
    try {
      const outcome = await call(callRecord);
      callRecord.result = "answered";
      failed = null;
      observe(requiredData, callRecord, startedAt, outcome.kind);
      return outcome;
    } catch (error) {
      const outcome = outcomeOf(error, signal);
      callRecord.result = resultOf(error, signal, callRecord);
      countResult(callRecord.result, outcome);
      observe(requiredData, callRecord, startedAt, outcome);
      throw error;
    }
  };

  const failures: CallRecords["failures"] = () =>
    failed && {
      count: failed.count,
      code: failed.code,
      secondsAgo: Math.round((performance.now() - failed.at) / 1_000),
    };

  return { record, failures };
}
