/**
 * Subscriptions: the operation is executed on every state in which the job is found, and its response is sent when it
 * differs from the last one.
 */
import { Kind, locatedError, visit } from "graphql";
import { StreamInterrupted } from "../../model/errors.ts";
import type { JobState, ObservedJob } from "../../model/job-state.ts";
import type { OperationLog } from "../../model/operation-log.ts";
import { codeOf, showError } from "../errors.ts";
import type { StartSubscription } from "../operation/run.ts";
import { endedWith } from "./ended-with.ts";
import type { RetainedMemory } from "./retained-memory.ts";
import type { Question, SharedResult, SharedResults } from "./shared-results.ts";

export interface SubscriptionOptions {
  readonly results: SharedResults;
  readonly memory: RetainedMemory;
}

export function createStartSubscription({ results, memory }: SubscriptionOptions): StartSubscription {
  return (prepared, variables, { jobs, watch, operationLog, signal }) => {
    const plan = prepared.planFor(variables);
    const [field] = plan.root.fields;
    if (!field?.subscribe) throw new Error("Expected a validated subscription to have one root field.");
    try {
      const release = memory.retain(prepared, variables);
      try {
        const { requiredData } = plan;
        const context = { jobs, watch, signal, requiredData, examineRows: () => {} };
        // The schema's only subscription field returns this.
        const states = field.subscribe(undefined, variables, context) as States;
        const question = { prepared, variables, plan };
        const responses = respond(question, states, operationLog, release);
        return { kind: "stream", responses: endedWith(responses, states, release) };
      } catch (error) {
        release();
        throw error;
      }
    } catch (error) {
      const located = locatedError(error, field.nodes, [field.responseKey]);
      const shown = showError(located);
      if (codeOf(shown) === "INTERNAL_SERVER_ERROR") operationLog.internalErrors.push(error);
      return { kind: "refused", errors: [shown] };
    }
  };

  async function* respond(
    question: Question,
    states: States,
    operationLog: OperationLog,
    release: () => void,
  ): AsyncGenerator<string, void, undefined> {
    const note = ({ text, errorCodes, internalErrors }: SharedResult): string => {
      // Once each, as a stream can last for hours.
      operationLog.errorCodes.push(...errorCodes.filter((code) => !operationLog.errorCodes.includes(code)));
      operationLog.internalErrors.push(
        ...internalErrors.filter((error) => !operationLog.internalErrors.includes(error)),
      );
      return text;
    };
    const changeOf = createChanges(question, results);
    try {
      for await (const observed of states) {
        const changed = await changeOf(observed);
        if (changed) yield note(changed);
      }
    } catch (error) {
      if (error instanceof StreamInterrupted) throw error;
      yield note(await results.fail(question, error));
    } finally {
      release();
    }
  }
}

type States = AsyncGenerator<ObservedJob, void, undefined>;

/** Finds the response to send for a state; null when nothing that was asked for has changed. */
function createChanges(question: Question, results: SharedResults) {
  const isReadSelected = selectsRead(question);
  let last: { readonly state: JobState | null; readonly digest: string } | null = null;
  return async ({ outcome, state }: ObservedJob): Promise<SharedResult | null> => {
    if (state && state === last?.state) return null;
    const result = await results.ask(question, outcome, isReadSelected);
    const isSame = result.digest === last?.digest;
    last = { state, digest: result.digest };
    if (isSame) return null;
    return isReadSelected ? results.ask(question, outcome, false) : result;
  };
}

/** Fields that describe a read, not the job: when these alone differ, nothing has changed. */
const READ_FIELDS: ReadonlySet<string> = new Set(["observedAt", "upstreamRequestId", "elapsedMs"]);

function selectsRead({ prepared: { operation, fragments } }: Question): boolean {
  let found = false;
  for (const definition of [operation, ...Object.values(fragments)]) {
    visit(definition, {
      [Kind.FIELD]: ({ name }) => {
        found ||= READ_FIELDS.has(name.value);
      },
    });
  }
  return found;
}
