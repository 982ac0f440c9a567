/**
 * What a subscription tells: the operation runs anew on every state of the job, and what it then answers is told when
 * it is not what was told last. Viewers who ask the same of the same state share one run.
 */
import { hash } from "node:crypto";
import { type DocumentNode, type ExecutionResult, Kind, visit } from "graphql";
import type { JobOutcome } from "../model/job-instance.ts";
import { type JobState, type ObservedJob, withoutReading } from "../model/job-state.ts";
import { createTrace, type Trace } from "../upstream/trace.ts";
import type { GraphQLContext, LiveOperation } from "./context.ts";
import { endedWith } from "./ended-with.ts";
import { formatError } from "./errors.ts";
import type { DetachedJson } from "./executor/detached-rows.ts";
import type { Executor } from "./executor/executor.ts";

/**
 * JSON texts of the operation's results. `return()` ends it at once. Never throws: failures are results with `errors`,
 * noted in `trace`.
 */
export type LiveResults = (operation: LiveOperation, trace: Trace) => AsyncGenerator<string, void, undefined>;

/** The operation's result on one state. */
interface Run {
  /** JSON of the execution result. */
  readonly text: string;
  /** Codes of its errors. */
  readonly errorCodes: readonly string[];
  /** Faults of our own in it, masked there. */
  readonly faults: readonly unknown[];
  /** Tells texts apart without keeping them: they can be megabytes, for each of thousands of viewers. */
  readonly digest: string;
}

/** Fields that tell of a read, not of the job: when these alone are new, nothing has changed. */
const READING_FIELDS: ReadonlySet<string> = new Set(["observedAt", "upstreamRequestId", "elapsedMs"]);

/** Operations whose results on one state are kept for other viewers, and the longest text that is. */
const MOST_RUNS = 50;
const MAX_KEPT_CHARACTERS = 2 ** 18;

export function createLiveResults(executor: Executor, createDetachedJson: () => DetachedJson): LiveResults {
  const runs = new WeakMap<JobOutcome, Map<string, Promise<Run>>>();
  const documents = new WeakMap<DocumentNode, { readonly id: number; readonly tellsReading: boolean }>();
  let documentCount = 0;

  const knownOf = (document: DocumentNode) => {
    const known = documents.get(document) ?? { id: documentCount++, tellsReading: tellsReading(document) };
    documents.set(document, known);
    return known;
  };

  const runOn = async (operation: LiveOperation, load: () => Promise<JobOutcome>): Promise<Run> => {
    const { document, operationName, variables } = operation;
    const detached = createDetachedJson();
    const context: GraphQLContext = { jobs: { load }, live: null, trace: createTrace(), detached };
    const result: ExecutionResult = await executor({ document, operationName, variables, context });
    const errors = result.errors?.map((error) => ({ error, shown: formatError(error.toJSON(), error) }));
    const shown = { ...(errors && { errors: errors.map(({ shown }) => shown) }), data: result.data };
    const text = String(detached.attach(JSON.stringify(shown)));
    const codes = (errors ?? []).map(({ error, shown }) => ({ error, code: String(shown.extensions?.code) }));
    return {
      text,
      errorCodes: codes.map(({ code }) => code),
      faults: codes.flatMap(({ error, code }) =>
        code === "INTERNAL_SERVER_ERROR" ? [error.originalError ?? error] : [],
      ),
      digest: hash("sha256", text, "base64"),
    };
  };

  /** The operation on an outcome, or on it without what the read says of itself. */
  const runShared = (operation: LiveOperation, outcome: JobOutcome, isBare: boolean): Promise<Run> => {
    const { document, operationName, variables } = operation;
    const key = JSON.stringify([knownOf(document).id, operationName, variables, isBare]);
    const known = runs.get(outcome) ?? new Map<string, Promise<Run>>();
    runs.set(outcome, known);
    const found = known.get(key);
    if (found) return found;
    const run = runOn(operation, async () =>
      isBare && outcome.kind === "job" ? withoutReading(outcome) : outcome,
    );
    known.set(key, run);
    const [oldest] = known.keys();
    if (known.size > MOST_RUNS && oldest !== undefined) known.delete(oldest);
    const forget = () => known.delete(key);
    run.then(({ text }) => text.length > MAX_KEPT_CHARACTERS && forget(), forget);
    return run;
  };

  /** Tells what is new to one viewer. */
  const createNews = (operation: LiveOperation): ((observed: ObservedJob) => Promise<Run | null>) => {
    const { tellsReading } = knownOf(operation.document);
    let last: { readonly state: JobState | null; readonly digest: string } | null = null;
    return async ({ outcome, state }) => {
      if (state && state === last?.state) return null;
      const run = await runShared(operation, outcome, tellsReading);
      const isNew = run.digest !== last?.digest;
      last = { state, digest: run.digest };
      if (!isNew) return null;
      return tellsReading ? runShared(operation, outcome, false) : run;
    };
  };

  async function* results(operation: LiveOperation, trace: Trace): AsyncGenerator<string, void, undefined> {
    const tell = ({ text, errorCodes, faults }: Run): string => {
      // Once each, as a stream can go on for hours.
      trace.errorCodes.push(...errorCodes.filter((code) => !trace.errorCodes.includes(code)));
      trace.faults.push(...faults.filter((fault) => !trace.faults.includes(fault)));
      return text;
    };
    const newsOf = createNews(operation);
    try {
      for await (const observed of operation.states) {
        const news = await newsOf(observed);
        if (news) yield tell(news);
      }
    } catch (error) {
      // In the place of the field, as for a query.
      yield tell(await runOn(operation, () => Promise.reject(error)));
    }
  }

  return (operation, trace) => endedWith(results(operation, trace), operation.states);
}

function tellsReading(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    [Kind.FIELD]: ({ name }) => {
      found ||= READING_FIELDS.has(name.value);
    },
  });
  return found;
}
