/** Records the outcomes of upstream calls: each one for an observer such as metrics, and consecutive failures. */
import type { JobOutcome, RequiredData } from "../model/job-instance.ts";
import type { AttemptTrace, TracedCall } from "../model/operation-trace.ts";
import { UpstreamError, type UpstreamErrorCode } from "./upstream-error.ts";

/** `ABORTED`: nobody waited for the call any more. `INTERNAL_SERVER_ERROR`: a bug of the gateway. */
export type CallOutcome = JobOutcome["kind"] | UpstreamErrorCode | "ABORTED" | "INTERNAL_SERVER_ERROR";

/** An upstream call that has ended. */
interface FinishedCall extends TracedCall {
  readonly requiredData: RequiredData;
  readonly outcome: CallOutcome;
  /** From the request for a connection until the response was decoded. */
  readonly durationMs: number;
}

export type ObserveCall = (call: FinishedCall) => void;

/** Filled while the call runs. */
export interface CallRecord {
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
  readonly code: UpstreamErrorCode;
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
export const hasTimedOut = ({ connectedAt }: CallRecord, { reason }: AbortSignal): boolean =>
  reason instanceof UpstreamError &&
  reason.code === "UPSTREAM_TIMEOUT" &&
  connectedAt !== null &&
  performance.now() - connectedAt >= MIN_TIMEOUT_MS;

/** Errors of the upstream itself. All other codes are answers to one caller: they show that the upstream works. */
const UPSTREAM_FAILURES: ReadonlySet<CallOutcome> = new Set<UpstreamErrorCode>([
  "UPSTREAM_TIMEOUT",
  "UPSTREAM_UNAVAILABLE",
  "UPSTREAM_ERROR",
  "UPSTREAM_CONTRACT",
]);

/** @param onCall observes each call; null to observe none. */
export function createCallRecords(onCall: ObserveCall | null): CallRecords {
  let failed: { readonly count: number; readonly code: UpstreamErrorCode; readonly at: number } | null = null;

  const observe = (
    requiredData: RequiredData,
    { connectedAt, bodyBytes, trace, httpStatus, upstreamRequestId }: CallRecord,
    startedAt: number,
    outcome: CallOutcome,
  ) => {
    if (onCall === null && trace === null) return;
    const durationMs = performance.now() - startedAt;
    const queuedMs = connectedAt === null ? null : connectedAt - startedAt;
    const call = { requiredData, outcome, durationMs, queuedMs, bodyBytes, httpStatus, upstreamRequestId };
    onCall?.(call);
    trace?.end(call);
  };

  const countFailure = (code: UpstreamErrorCode) => {
    failed = { count: (failed?.count ?? 0) + 1, code, at: performance.now() };
  };

  const recordFailure = (error: unknown, signal: AbortSignal, callRecord: CallRecord): CallOutcome => {
    // Before the error is examined: the reason of the signal can be the deadline of the last waiter.
    if (signal.aborted) {
      if (hasTimedOut(callRecord, signal)) countFailure("UPSTREAM_TIMEOUT");
      return "ABORTED";
    }
    if (!(error instanceof UpstreamError)) return "INTERNAL_SERVER_ERROR";
    if (UPSTREAM_FAILURES.has(error.code)) countFailure(error.code);
    else failed = null;
    return error.code;
  };

  const record: CallRecords["record"] = async (requiredData, signal, callRecord, call) => {
    const startedAt = performance.now();
    try {
      const outcome = await call(callRecord);
      failed = null;
      observe(requiredData, callRecord, startedAt, outcome.kind);
      return outcome;
    } catch (error) {
      observe(requiredData, callRecord, startedAt, recordFailure(error, signal, callRecord));
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
