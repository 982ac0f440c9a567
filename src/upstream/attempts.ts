/** The attempts of a call: the circuit breaker permits the call and learns its result, and retries repeat it. */
import type { JobOutcome, RequiredData } from "../model/job-instance.ts";
import type { OperationLog } from "../model/operation-log.ts";
import type { CallTrace } from "../model/operation-trace.ts";
import { type CallRecord, type CallRecords, createCallRecord } from "./call-records.ts";
import type { Caller } from "./caller.ts";
import type { CallResult, CircuitBreaker } from "./circuit-breaker.ts";
import type { Retries } from "./retries.ts";

/** What a call is, except for its request. */
export interface AttemptedCall {
  readonly requiredData: RequiredData;
  readonly caller: Caller;
  /** Records the call. */
  readonly operationLog: OperationLog;
  /** Aborts the call. */
  readonly signal: AbortSignal;
  /** Default: the call is not retried. */
  readonly terms?: CallTerms;
  /** Null if the call is not traced. Default: null. */
  readonly trace?: CallTrace | null;
}

/** What the waiters of a call permit, which can change while the call runs, because requests join it. */
export interface CallTerms {
  /** Whether the call may be retried. Pollers and permission checks have a backoff of their own. */
  readonly mayRetry: boolean;
  /** When the last of them stops waiting, by `performance.now()`. Infinity if any of them has no deadline. */
  readonly deadlineAt: number;
  /** When the last attempt started, by `performance.now()`: the upstream read the job no earlier. Each retry changes it. */
  startedAt: number;
}

type Attempt = (record: CallRecord, timeoutMs: number) => Promise<JobOutcome>;

interface AttemptOptions {
  /** For all attempts together. */
  readonly timeoutMs: number;
  readonly record: CallRecords["record"];
  /** Null: calls are not retried. */
  readonly retries: Retries | null;
  /** Null: calls are made however many have failed. */
  readonly breaker: CircuitBreaker | null;
}

/** @returns a function that calls `attempt` until it succeeds, or until the call must not be retried. */
export function createAttempts({ timeoutMs, record, retries, breaker }: AttemptOptions) {
  return async (call: AttemptedCall, attempt: Attempt): Promise<JobOutcome> => {
    const { requiredData, caller, signal, terms, operationLog, trace = null } = call;
    const token = breaker?.start() ?? 0;
    // Not before: calls that are rejected must not add to the budget.
    retries?.countCall();
    const deadlineAt = performance.now() + timeoutMs;
    let remainingMs = timeoutMs;
    /** Of the call, which counts once: that of the last attempt that says something about the upstream. */
    let result: CallResult = "unknown";
    try {
      for (let attempts = 1; ; attempts += 1) {
        const callRecord = createCallRecord(trace?.startAttempt(attempts - 1) ?? null);
        try {
          const outcome = await record(requiredData, signal, callRecord, (each) =>
            attempt(each, remainingMs),
          );
          result = "answered";
          return outcome;
        } catch (error) {
          if (callRecord.result !== "unknown") result = callRecord.result;
          if (!retries || !terms?.mayRetry || isOpen(breaker)) throw error;
          const latestAt = Math.min(deadlineAt, terms.deadlineAt);
          await retries.waitForRetry({ error, attempts, deadlineAt: latestAt, signal });
          // Other calls can have opened it in the meantime.
          if (isOpen(breaker)) throw error;
          operationLog.upstreamRetries += 1;
          terms.startedAt = performance.now();
          remainingMs = Math.max(1, Math.round(deadlineAt - performance.now()));
        }
      }
    } finally {
      breaker?.end(token, caller.credentialsHash, result);
    }
  };
}

const isOpen = (breaker: CircuitBreaker | null): boolean =>
  breaker !== null && breaker.status().state !== "closed";
