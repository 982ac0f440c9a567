/**
 * What limits the service of this instance at the moment, for `/readyz`. None of it makes the instance unready: the
 * upstream is the same for all instances, and while a limit is reached, other requests are still served.
 */
import type { LiveCounts } from "../live/live-jobs.ts";
import type { FailedCalls } from "../upstream/call-records.ts";
import type { CircuitStatus } from "../upstream/circuit-breaker.ts";
import type { CallCounts } from "../upstream/concurrency-limit.ts";
import type { Load } from "./load-shedding.ts";

/** The message contains no address, no credentials and no text of the upstream. */
export interface Problem {
  readonly code:
    | "SHUTTING_DOWN"
    | "UPSTREAM_FAILING"
    | "CIRCUIT_OPEN"
    | "QUEUE_FULL"
    | "OVERLOADED"
    | "LIMIT_REACHED"
    | "REDIS_UNAVAILABLE";
  readonly message: string;
}

/** Configured limits by the name of their setting. */
export interface Limits {
  readonly UPSTREAM_CONNECTIONS: number;
  readonly UPSTREAM_MAX_QUEUE: number;
  readonly LIVE_MAX_VIEWERS: number;
  readonly WEBSOCKET_MAX_CONNECTIONS: number;
  readonly MAX_OPERATIONS_IN_FLIGHT: number;
}

/** What of the configuration has these limits. */
interface LimitedParts {
  readonly upstream: { readonly connections: number; readonly maxQueue: number };
  readonly live: { readonly maxSubscriptions: number };
  readonly webSocket: { readonly maxConnections: number };
  readonly loadShedding: { readonly maxOperations: number } | null;
}

export const limitsOf = ({ upstream, live, webSocket, loadShedding }: LimitedParts): Limits => ({
  UPSTREAM_CONNECTIONS: upstream.connections,
  UPSTREAM_MAX_QUEUE: upstream.maxQueue,
  LIVE_MAX_VIEWERS: live.maxSubscriptions,
  WEBSOCKET_MAX_CONNECTIONS: webSocket.maxConnections,
  MAX_OPERATIONS_IN_FLIGHT: loadShedding?.maxOperations ?? 0,
});

export interface ReadinessSources {
  readonly upstreamFailures: () => FailedCalls | null;
  readonly upstreamCalls: () => CallCounts;
  /** Null without a circuit breaker. */
  readonly circuit: () => CircuitStatus | null;
  readonly live: () => LiveCounts;
  readonly webSockets: () => number;
  /** Null without load shedding. */
  readonly load: () => Load | null;
  /** Null without Redis. */
  readonly isRedisUp: (() => boolean) | null;
  readonly limits: Limits;
}

/** Single failures are normal. */
const MIN_FAILURES = 3;

/** One identity gets at most this share of the queue, so its calls are rejected from here on. */
const QUEUE_SHARE = 0.75;

const CLOSED: CircuitStatus = { state: "closed", msUntilTest: 0 };

export function findProblems(sources: ReadinessSources): Problem[] {
  const { upstreamFailures, upstreamCalls, circuit, live, webSockets, load, isRedisUp, limits } = sources;
  const problems: Problem[] = [];
  const failures = upstreamFailures();
  if (failures && failures.count >= MIN_FAILURES) {
    const { count, code, secondsAgo } = failures;
    const message = `The last ${count} upstream calls failed, the latest ${secondsAgo} s ago with ${code}.`;
    problems.push({ code: "UPSTREAM_FAILING", message });
  }
  const { state, msUntilTest } = circuit() ?? CLOSED;
  if (state !== "closed") {
    const test =
      msUntilTest > 0 ? `A test call is due in ${msUntilTest} ms` : "A test call is due or running";
    problems.push({ code: "CIRCUIT_OPEN", message: `Upstream calls are suspended. ${test}.` });
  }
  const { waiting } = upstreamCalls();
  const maxQueue = limits.UPSTREAM_MAX_QUEUE;
  if (waiting > 0 && waiting >= maxQueue * QUEUE_SHARE) {
    const message = `${waiting} upstream calls wait for a connection (UPSTREAM_MAX_QUEUE is ${maxQueue}).`;
    problems.push({ code: "QUEUE_FULL", message });
  }
  const { operations = 0, exceededLimit = null } = load() ?? {};
  if (exceededLimit !== null) {
    const message = `New operations are rejected because of ${exceededLimit}. ${operations} are running.`;
    problems.push({ code: "OVERLOADED", message });
  }
  const reached = (name: keyof Limits, count: number, what: string) => {
    // With 0, the setting accepts none on purpose.
    if (limits[name] === 0 || count < limits[name]) return;
    problems.push({ code: "LIMIT_REACHED", message: `${count} open ${what} (${name} is ${limits[name]}).` });
  };
  reached("LIVE_MAX_VIEWERS", live().subscriptions, "subscriptions");
  reached("WEBSOCKET_MAX_CONNECTIONS", webSockets(), "WebSockets");
  if (isRedisUp?.() === false) {
    const message = "Redis does not answer. This instance works alone.";
    problems.push({ code: "REDIS_UNAVAILABLE", message });
  }
  return problems;
}
