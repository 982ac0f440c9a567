/** Executes subscriptions on job states. Subscriptions with the same operation and variables share one execution. */
import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { JobOutcome } from "../../model/job-instance.ts";
import { withoutReadFields } from "../../model/job-state.ts";
import type { ObserveLimit } from "../../model/limits.ts";
import { codeOf, formatError, formatGraphQLError, reasonOf } from "../errors.ts";
import type { Executor } from "../executor/executor.ts";
import { ResponseTooLarge } from "../executor/json-sink.ts";
import type { Plan, Variables } from "../executor/plan.ts";
import { createRowBudget } from "../operation/operation-limits.ts";
import type { Prepared } from "../operation/prepare.ts";

/** What a subscription executes on each state. */
export interface SubscribedOperation {
  readonly prepared: Prepared;
  readonly variables: Variables;
  readonly plan: Plan;
}

/** The response for one state. */
export interface SharedResult {
  /** JSON. */
  readonly text: string;
  readonly errorCodes: readonly string[];
  /** See `OperationLog`. */
  readonly reason: string | null;
  /** Internal errors, which are masked in the response. */
  readonly internalErrors: readonly unknown[];
  /** SHA-256 of the text. Subscriptions compare it instead of keeping their last response, which can be megabytes. */
  readonly digest: string;
}

export interface SharedResults {
  /** @param ignoresRead executes on the outcome without the metadata of its read, such as `observedAt` */
  readonly execute: (
    operation: SubscribedOperation,
    outcome: JobOutcome,
    ignoresRead: boolean,
  ) => Promise<SharedResult>;
  /** @returns the response for an upstream failure: the field is null, with an error, as in a query */
  readonly executeFailed: (
    operation: SubscribedOperation,
    failure: unknown,
    traceId: string | null,
  ) => Promise<SharedResult>;
  /** Memory of the cached results in bytes. */
  readonly cachedBytes: () => number;
}

/** Memory limit of the cache, and of one result: larger ones are not cached. Least recently used are evicted first. */
const MAX_BYTES = 64 * 2 ** 20;
const MAX_RESULT_BYTES = 2 ** 19;
/** Memory of a cache entry without its strings. */
const CACHE_ENTRY_BYTES = 1_000;

/** How long results are cached. All subscriptions of a job receive a state at almost the same time. */
const TTL_MS = 1_000;

/** @param onLimit observes responses that exceed a limit; null to observe none */
export function createSharedResults(executor: Executor, onLimit: ObserveLimit | null): SharedResults {
  const cache = new LRUCache<string, Promise<SharedResult>>({
    maxSize: MAX_BYTES,
    ttl: TTL_MS,
    ttlAutopurge: true,
    noUpdateTTL: true,
  });
  const ids = new WeakMap<JobOutcome, number>();
  let count = 0;
  const idOf = (outcome: JobOutcome): number => {
    const id = ids.get(outcome) ?? count++;
    ids.set(outcome, id);
    return id;
  };

  const run = async (
    { prepared, variables, plan }: SubscribedOperation,
    load: () => Promise<JobOutcome>,
    traceId: string | null,
  ): Promise<SharedResult> => {
    const { requiredData } = plan;
    // One subscriber must not abort an execution that others share.
    const { signal } = new AbortController();
    const examineRows = createRowBudget();
    const context = { jobs: { load }, watch: null, signal, requiredData, examineRows, traceId };
    try {
      const { errors, body, release } = await executor({ source: prepared, plan, variables, context });
      const errorCodes = errors.map((error) => codeOf(formatGraphQLError(error)));
      const internalErrors = errors
        .filter((_, index) => errorCodes[index] === "INTERNAL_SERVER_ERROR")
        .map((error) => error.originalError ?? error);
      const text = String(body);
      release();
      return result(text, errorCodes, reasonOf(errors[0]), internalErrors);
    } catch (error) {
      if (!(error instanceof ResponseTooLarge)) throw error;
      onLimit?.("MAX_RESPONSE_BYTES");
      const formatted = formatError({ message: error.message }, error);
      return result(JSON.stringify({ errors: [formatted] }), [codeOf(formatted)], reasonOf(error), []);
    }
  };

  const execute: SharedResults["execute"] = (operation, outcome, ignoresRead) => {
    const key = JSON.stringify([idOf(outcome), operation.prepared.id, operation.variables, ignoresRead]);
    const cached = cache.get(key);
    if (cached) return cached;
    const load = async () => (ignoresRead && outcome.kind === "job" ? withoutReadFields(outcome) : outcome);
    // Subscriptions that share the result have different traces.
    const running = run(operation, load, null);
    // A character of a string takes at most two bytes.
    const sizeWith = (text: string) => CACHE_ENTRY_BYTES + 2 * (key.length + text.length);
    cache.set(key, running, { size: sizeWith("") });
    running.then(
      ({ text }) => {
        const size = sizeWith(text);
        if (size > MAX_RESULT_BYTES) cache.delete(key);
        else if (cache.has(key)) cache.set(key, running, { size });
      },
      () => cache.delete(key),
    );
    return running;
  };

  return {
    execute,
    executeFailed: (operation, failure, traceId) => run(operation, () => Promise.reject(failure), traceId),
    cachedBytes: () => cache.calculatedSize,
  };
}

const result = (
  text: string,
  errorCodes: readonly string[],
  reason: string | null,
  internalErrors: readonly unknown[],
): SharedResult => ({
  text,
  errorCodes,
  reason,
  internalErrors,
  digest: hash("sha256", text, "base64"),
});
