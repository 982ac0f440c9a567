/**
 * Operations of callers over all instances, for the rate limit. A counter is a number that expires at the end of the
 * caller's window:
 *
 *     bk-job-graphql:operations:<keyed hash>  →  17, for 41 250 ms
 *
 * Each instance also sends what it knows, so that counters survive a Redis that loses them.
 */
import type { Redis } from "./redis.ts";
import { createSealing } from "./sealing.ts";

export interface OperationCountsOptions {
  /** The secret that instances share. */
  readonly secret: string;
  /** Distinguishes gateways with different upstreams in one Redis. */
  readonly namespace: string;
  readonly windowMs: number;
}

export interface OperationCount {
  /** Number of operations of the caller in its window. */
  readonly count: number;
  /** Time until the end of the window in whole milliseconds. */
  readonly remainingMs: number;
}

export interface OperationCounts {
  /** The name of a counter in Redis, which reveals nothing about the caller. */
  readonly nameOf: (caller: string) => string;
  /**
   * Counts one operation. It never throws.
   * @param known what this instance knows, with this operation
   * @returns the count of all instances, or null without an answer of Redis
   */
  readonly add: (name: string, known: OperationCount) => Promise<OperationCount | null>;
}

/**
 * The time left is that of Redis. More than a window is left if its clock was set back: then the window of the instance
 * applies, as for a new counter.
 */
const ADD = `
local count = redis.call('INCR', KEYS[1])
local known = tonumber(ARGV[1])
if count < known then count = redis.call('INCRBY', KEYS[1], known - count) end
local left = redis.call('PTTL', KEYS[1])
if left < 0 or left > tonumber(ARGV[3]) then
  left = tonumber(ARGV[2])
  redis.call('PEXPIRE', KEYS[1], left)
end
return {count, left}`;

export function createOperationCounts(
  { send }: Pick<Redis, "send">,
  { secret, namespace, windowMs }: OperationCountsOptions,
): OperationCounts {
  const sealing = createSealing(secret);
  return {
    nameOf: (caller) =>
      `bk-job-graphql:operations:${sealing.nameOf(`operations ${windowMs} ${namespace} ${caller}`)}`,
    add: async (name, known) => {
      const args = [known.count, known.remainingMs, windowMs].map(String);
      const reply = await send("count", ["EVAL", ADD, "1", name, ...args]);
      const [count, remainingMs] = Array.isArray(reply) ? reply : [];
      return Number.isInteger(count) && Number.isInteger(remainingMs) ? { count, remainingMs } : null;
    },
  };
}
