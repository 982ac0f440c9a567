/** Runs of subscriptions on states: viewers who ask the same of the same state share one. */
import { hash } from "node:crypto";
import { type DocumentNode, type ExecutionResult, Kind, visit } from "graphql";
import type { JobOutcome } from "../model/job-instance.ts";
import { withoutReading } from "../model/job-state.ts";
import { createTrace } from "../upstream/trace.ts";
import type { GraphQLContext, LiveOperation } from "./context.ts";
import { formatError } from "./errors.ts";
import type { DetachedJson } from "./executor/detached-rows.ts";
import type { Executor } from "./executor/executor.ts";

/** The operation's result on one state. */
export interface LiveRun {
  /** JSON of the execution result. */
  readonly text: string;
  /** Codes of its errors. */
  readonly errorCodes: readonly string[];
  /** Faults of our own in it, masked there. */
  readonly faults: readonly unknown[];
  /** Tells texts apart without keeping them: they can be megabytes, for each of thousands of viewers. */
  readonly digest: string;
}

export interface LiveRuns {
  /** Whether the operation tells of a read, not only of the job. */
  readonly tellsReading: (operation: LiveOperation) => boolean;
  /** Runs the operation on an outcome, or, when `isBare`, on it without what the read says of itself. */
  readonly run: (operation: LiveOperation, outcome: JobOutcome, isBare: boolean) => Promise<LiveRun>;
  /** The operation where the upstream failed: an error in the place of the field, as for a query. */
  readonly fail: (operation: LiveOperation, failure: unknown) => Promise<LiveRun>;
}

/** Fields that tell of a read, not of the job: when these alone are new, nothing has changed. */
const READING_FIELDS: ReadonlySet<string> = new Set(["observedAt", "upstreamRequestId", "elapsedMs"]);

/** Operations whose results on one state are kept for other viewers, and the longest text that is. */
const MOST_RUNS = 50;
const MAX_KEPT_CHARACTERS = 2 ** 18;

/** How long they are: viewers of one state run at about one time, and snapshots can keep an outcome for hours. */
const KEPT_MS = 1_000;

export function createLiveRuns(executor: Executor, createDetachedJson: () => DetachedJson): LiveRuns {
  const runs = new WeakMap<JobOutcome, Map<string, Promise<LiveRun>>>();
  const documents = new WeakMap<DocumentNode, { readonly id: number; readonly tellsReading: boolean }>();
  let documentCount = 0;

  const knownOf = (document: DocumentNode) => {
    const known = documents.get(document) ?? { id: documentCount++, tellsReading: tellsReading(document) };
    documents.set(document, known);
    return known;
  };

  const runOn = async (operation: LiveOperation, load: () => Promise<JobOutcome>): Promise<LiveRun> => {
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

  const keepFor = (outcome: JobOutcome) => {
    const known = new Map<string, Promise<LiveRun>>();
    runs.set(outcome, known);
    setTimeout(() => runs.delete(outcome), KEPT_MS).unref();
    return known;
  };

  const run: LiveRuns["run"] = (operation, outcome, isBare) => {
    const { document, operationName, variables } = operation;
    const key = JSON.stringify([knownOf(document).id, operationName, variables, isBare]);
    const known = runs.get(outcome) ?? keepFor(outcome);
    const found = known.get(key);
    if (found) return found;
    const made = runOn(operation, async () =>
      isBare && outcome.kind === "job" ? withoutReading(outcome) : outcome,
    );
    known.set(key, made);
    const [oldest] = known.keys();
    if (known.size > MOST_RUNS && oldest !== undefined) known.delete(oldest);
    const forget = () => known.delete(key);
    made.then(({ text }) => text.length > MAX_KEPT_CHARACTERS && forget(), forget);
    return made;
  };

  return {
    tellsReading: ({ document }) => knownOf(document).tellsReading,
    run,
    fail: (operation, failure) => runOn(operation, () => Promise.reject(failure)),
  };
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
