/**
 * The circuit breaker. While the upstream fails, calls are rejected at once instead of waiting for a connection and a
 * timeout each, and the upstream gets time to recover.
 *
 *     closed ── too many of the recent calls failed ──> open ── after openMs ──> half-open
 *       ^                                                ^                          │
 *       │                                                └──────── it fails ────────┤ one test call
 *       └─────────────────────────────── it is answered ────────────────────────────┘
 *
 * Only failures of the upstream count. An answer to one caller, such as "no permission" or a rate limit, shows that the
 * upstream works. Calls that started before the last change of state are ignored when they end: what they report is
 * older than that change.
 *
 * The failures of one caller, who may ask for a job that the upstream cannot read, must not reject the calls of others.
 * The circuit breaker therefore opens only if calls of at least two callers failed, or if all recent calls are of one.
 */
import { NO_ERROR_DETAILS, UpstreamError } from "./upstream-error.ts";

export interface CircuitBreakerOptions {
  /** Opens when at least this share of the recent calls failed, in percent. */
  readonly failurePercent: number;
  /** Opens only if there were at least so many recent calls. */
  readonly minCalls: number;
  /** Which calls are recent: those that ended within this time, in milliseconds. */
  readonly windowMs: number;
  /** How long calls are rejected before a test call, in milliseconds. */
  readonly openMs: number;
}

export type CircuitState = "closed" | "open" | "half-open";

export interface CircuitStatus {
  readonly state: CircuitState;
  /** Until the next test call, in milliseconds. 0 if it may be made now or is running, or the circuit is closed. */
  readonly msUntilTest: number;
}

/** A change of state, with the numbers of recent calls that caused it. */
export interface CircuitChange {
  readonly state: CircuitState;
  readonly calls: number;
  readonly failures: number;
}

export type ObserveCircuit = (change: CircuitChange) => void;

/** The call was not made, because the circuit breaker is open. */
export class CircuitOpen extends UpstreamError {
  constructor(retryAfterMs: number) {
    super(
      "UPSTREAM_UNAVAILABLE",
      "The upstream has failed too often, so the gateway does not call it for a while. Retry later.",
      NO_ERROR_DETAILS,
      retryAfterMs,
      "gateway",
      "CIRCUIT_OPEN",
    );
  }
}

export interface CircuitBreaker {
  /** @returns a token for `end`. @throws CircuitOpen */
  readonly start: () => number;
  /**
   * Reports the end of the call that got this token.
   * @param caller the hash of its credentials
   */
  readonly end: (token: number, caller: string, result: CallResult) => void;
  readonly status: () => CircuitStatus;
}

/** `unknown`: the call says nothing about the upstream, for example because it was aborted. */
export type CallResult = "answered" | "failed" | "unknown";

/** Retry delay while a test call is running. */
const TEST_CALL_RETRY_MS = 1_000;

/** @param onChange observes changes of state; null to observe none. */
export function createCircuitBreaker(
  options: CircuitBreakerOptions,
  onChange: ObserveCircuit | null = null,
): CircuitBreaker {
  const { failurePercent, minCalls, windowMs, openMs } = options;
  const recent = createRecentCalls(windowMs);
  let state: CircuitState = "closed";
  let openUntil = 0;
  let isTesting = false;
  /** Increases with each change of state. It is the token of calls, to recognize those that started before. */
  let generation = 0;

  const change = (next: CircuitState) => {
    const { calls, failures } = recent.total();
    state = next;
    generation += 1;
    isTesting = false;
    recent.clear();
    if (next === "open") openUntil = performance.now() + openMs;
    onChange?.({ state, calls, failures });
  };

  const start: CircuitBreaker["start"] = () => {
    if (state === "closed") return generation;
    if (state === "open") {
      const waitMs = openUntil - performance.now();
      if (waitMs > 0) throw new CircuitOpen(Math.ceil(waitMs));
      change("half-open");
    }
    if (isTesting) throw new CircuitOpen(TEST_CALL_RETRY_MS);
    isTesting = true;
    return generation;
  };

  const end: CircuitBreaker["end"] = (token, caller, result) => {
    if (token !== generation) return;
    if (state === "half-open") {
      // The next call is the test call.
      if (result === "unknown") isTesting = false;
      else {
        recent.add(caller, result === "failed");
        change(result === "failed" ? "open" : "closed");
      }
    } else if (result !== "unknown") {
      recent.add(caller, result === "failed");
      if (result === "failed" && hasTooManyFailures()) change("open");
    }
  };

  const hasTooManyFailures = (): boolean => {
    const { calls, failures, callers, failedCallers } = recent.total();
    const areOfOneAmongOthers = callers === SEVERAL && failedCallers !== SEVERAL;
    return calls >= minCalls && failures * 100 >= calls * failurePercent && !areOfOneAmongOthers;
  };

  const status: CircuitBreaker["status"] = () => ({
    state,
    msUntilTest: state === "open" ? Math.max(0, Math.ceil(openUntil - performance.now())) : 0,
  });

  return { start, end, status };
}

/** The callers of some calls, as far as it matters: none, the only one, or several. */
type Callers = string | null | typeof SEVERAL;
const SEVERAL = Symbol("several");

const union = (some: Callers, others: Callers): Callers => {
  if (some === null || others === null) return some ?? others;
  return some === others ? some : SEVERAL;
};

interface Bucket {
  calls: number;
  failures: number;
  callers: Callers;
  failedCallers: Callers;
}

const createBucket = (): Bucket => ({ calls: 0, failures: 0, callers: null, failedCallers: null });

/** A time span is counted in this many buckets, the oldest of which is dropped when a new one begins. */
const BUCKETS = 10;

/** Counts calls and failures of the last `windowMs` milliseconds, give or take a tenth. */
function createRecentCalls(windowMs: number) {
  const bucketMs = windowMs / BUCKETS;
  const buckets = Array.from({ length: BUCKETS }, createBucket);
  let newest = 0;

  const clear = () => {
    buckets.forEach(empty);
  };

  /** Empties the buckets that have become too old. @returns the index of the current one */
  const advance = (): number => {
    const current = Math.floor(performance.now() / bucketMs);
    const oldest = Math.max(newest + 1, current - BUCKETS + 1);
    for (let index = oldest; index <= current; index += 1) empty(buckets[index % BUCKETS]);
    newest = current;
    return current % BUCKETS;
  };

  const add = (caller: string, isFailure: boolean) => {
    const bucket = buckets[advance()];
    if (!bucket) return;
    bucket.calls += 1;
    bucket.callers = union(bucket.callers, caller);
    if (!isFailure) return;
    bucket.failures += 1;
    bucket.failedCallers = union(bucket.failedCallers, caller);
  };

  const total = (): Bucket => {
    advance();
    const sum = createBucket();
    for (const bucket of buckets) {
      sum.calls += bucket.calls;
      sum.failures += bucket.failures;
      sum.callers = union(sum.callers, bucket.callers);
      sum.failedCallers = union(sum.failedCallers, bucket.failedCallers);
    }
    return sum;
  };

  return { add, total, clear };
}

function empty(bucket: Bucket | undefined): void {
  if (bucket) Object.assign(bucket, createBucket());
}
