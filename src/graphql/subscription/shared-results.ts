/** Executions of subscriptions on states of jobs: subscribers who ask the same of one state share one. */
import { hash } from "node:crypto";
import type { JobOutcome } from "../../model/job-instance.ts";
import { withoutReading } from "../../model/job-state.ts";
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
  readonly faults: readonly unknown[];
  /** Tells texts apart without keeping them: they can be megabytes, for each of thousands of subscribers. */
  readonly digest: string;
}

export interface SharedResults {
  /** Asks about an outcome; when `isBare`, about the outcome without what the read says of itself. */
  readonly ask: (question: Question, outcome: JobOutcome, isBare: boolean) => Promise<SharedResult>;
  /** The response where the upstream failed: an error in the place of the field, as for a query. */
  readonly fail: (question: Question, failure: unknown) => Promise<SharedResult>;
}

/** Results of one state that are cached for other subscribers, and the longest that is. */
const MAX_RESULTS = 50;
const MAX_CACHED_CHARACTERS = 2 ** 18;

/** How long they are cached: subscribers ask about one state at about one time. */
const CACHED_MS = 1_000;

export function createSharedResults(execute: Executor): SharedResults {
  /** By question, for each outcome. At most 13 MB for an outcome, for a second. */
  const cache = new WeakMap<JobOutcome, Map<string, Promise<SharedResult>>>();

  const execution = async (question: Question, load: () => Promise<JobOutcome>): Promise<SharedResult> => {
    const { prepared, variables, plan } = question;
    const { requiredData } = plan;
    // Shared by all who ask the same, so it is not one of them who can end it.
    const { signal } = new AbortController();
    const context = { jobs: { load }, watch: null, signal, requiredData, examineRows: createRowBudget() };
    try {
      const { errors, body, release } = await execute({ source: prepared, plan, variables, context });
      const faults = errors.flatMap((error) =>
        codeOf(showError(error)) === "INTERNAL_SERVER_ERROR" ? [error.originalError ?? error] : [],
      );
      const text = String(body);
      release();
      return result(
        text,
        errors.map((error) => codeOf(showError(error))),
        faults,
      );
    } catch (error) {
      if (!(error instanceof ResponseTooLarge)) throw error;
      const shown = formatError({ message: error.message }, error);
      return result(JSON.stringify({ errors: [shown] }), [codeOf(shown)], []);
    }
  };

  const cacheFor = (outcome: JobOutcome) => {
    const results = new Map<string, Promise<SharedResult>>();
    cache.set(outcome, results);
    setTimeout(() => cache.delete(outcome), CACHED_MS).unref();
    return results;
  };

  const ask: SharedResults["ask"] = (question, outcome, isBare) => {
    const key = JSON.stringify([question.prepared.id, question.variables, isBare]);
    const results = cache.get(outcome) ?? cacheFor(outcome);
    const found = results.get(key);
    if (found) return found;
    const asked = execution(question, async () =>
      isBare && outcome.kind === "job" ? withoutReading(outcome) : outcome,
    );
    results.set(key, asked);
    const [oldest] = results.keys();
    if (results.size > MAX_RESULTS && oldest !== undefined) results.delete(oldest);
    const forget = () => results.delete(key);
    asked.then(({ text }) => text.length > MAX_CACHED_CHARACTERS && forget(), forget);
    return asked;
  };

  return { ask, fail: (question, failure) => execution(question, () => Promise.reject(failure)) };
}

const result = (text: string, errorCodes: readonly string[], faults: readonly unknown[]): SharedResult => ({
  text,
  errorCodes,
  faults,
  digest: hash("sha256", text, "base64"),
});
