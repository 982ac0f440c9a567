/** Executions of subscriptions on states of jobs: subscribers who ask the same of one state share one. */
import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { JobOutcome } from "../../model/job-instance.ts";
import { withoutReadFields } from "../../model/job-state.ts";
import { codeOf, formatError, showError } from "../errors.ts";
import type { Executor } from "../executor/executor.ts";
import { ResponseTooLarge } from "../executor/json-sink.ts";
import type { Plan, Variables } from "../executor/plan.ts";
import type { Prepared } from "../operation/prepare.ts";
import { createRowBudget } from "../operation/row-budget.ts";

/** What a subscriber asks of every state. */
export interface Question {
  readonly prepared: Prepared;
  readonly variables: Variables;
  readonly plan: Plan;
}

/** The response to a question about one state. */
export interface SharedResult {
  /** JSON. */
  readonly text: string;
  readonly errorCodes: readonly string[];
  /** Faults of our own, masked in the text. */
  readonly internalErrors: readonly unknown[];
  /** Tells texts apart without keeping them: they can be megabytes, for each of thousands of subscribers. */
  readonly digest: string;
}

export interface SharedResults {
  /** Asks about an outcome; when `isBare`, about the outcome without what the read says of itself. */
  readonly ask: (question: Question, outcome: JobOutcome, isBare: boolean) => Promise<SharedResult>;
  /** The response where the upstream failed: an error in the place of the field, as for a query. */
  readonly fail: (question: Question, failure: unknown) => Promise<SharedResult>;
}

/** Memory limit for cached results; the least recently used are evicted first. A larger result is not cached. */
const MAX_BYTES = 64 * 2 ** 20;
const MAX_RESULT_BYTES = 2 ** 19;
/** What an entry takes beside its strings. */
const ENTRY_BYTES = 1_000;

/** How long results are cached: subscribers ask about one state at about one time. */
const CACHED_MS = 1_000;

export function createSharedResults(execute: Executor): SharedResults {
  /** By outcome and question. */
  const cache = new LRUCache<string, Promise<SharedResult>>({
    maxSize: MAX_BYTES,
    ttl: CACHED_MS,
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

  const execution = async (question: Question, load: () => Promise<JobOutcome>): Promise<SharedResult> => {
    const { prepared, variables, plan } = question;
    const { requiredData } = plan;
    // Shared by all who ask the same, so it is not one of them who can end it.
    const { signal } = new AbortController();
    const context = { jobs: { load }, watch: null, signal, requiredData, examineRows: createRowBudget() };
    try {
      const { errors, body, release } = await execute({ source: prepared, plan, variables, context });
      const internalErrors = errors.flatMap((error) =>
        codeOf(showError(error)) === "INTERNAL_SERVER_ERROR" ? [error.originalError ?? error] : [],
      );
      const text = String(body);
      release();
      return result(
        text,
        errors.map((error) => codeOf(showError(error))),
        internalErrors,
      );
    } catch (error) {
      if (!(error instanceof ResponseTooLarge)) throw error;
      const shown = formatError({ message: error.message }, error);
      return result(JSON.stringify({ errors: [shown] }), [codeOf(shown)], []);
    }
  };

  const ask: SharedResults["ask"] = (question, outcome, isBare) => {
    const key = JSON.stringify([idOf(outcome), question.prepared.id, question.variables, isBare]);
    const found = cache.get(key);
    if (found) return found;
    const asked = execution(question, async () =>
      isBare && outcome.kind === "job" ? withoutReadFields(outcome) : outcome,
    );
    // Two bytes a character at the most.
    const sizeWith = (text: string) => ENTRY_BYTES + 2 * (key.length + text.length);
    cache.set(key, asked, { size: sizeWith("") });
    asked.then(
      ({ text }) => {
        const size = sizeWith(text);
        if (size > MAX_RESULT_BYTES) cache.delete(key);
        else if (cache.has(key)) cache.set(key, asked, { size });
      },
      () => cache.delete(key),
    );
    return asked;
  };

  return { ask, fail: (question, failure) => execution(question, () => Promise.reject(failure)) };
}

const result = (
  text: string,
  errorCodes: readonly string[],
  internalErrors: readonly unknown[],
): SharedResult => ({
  text,
  errorCodes,
  internalErrors,
  digest: hash("sha256", text, "base64"),
});
