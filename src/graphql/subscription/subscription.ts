/** Subscriptions: executes the operation on each new state of the job, and sends the response if it has changed. */
import { Kind, locatedError, visit } from "graphql";
import { StreamInterrupted } from "../../model/errors.ts";
import type { JobState, ObservedJob } from "../../model/job-state.ts";
import type { OperationLog } from "../../model/operation-log.ts";
import { codeOf, formatGraphQLError, reasonOf } from "../errors.ts";
import type { StartSubscription } from "../operation/run.ts";
import type { RetainedMemory } from "./retained-memory.ts";
import type { SharedResult, SharedResults, SubscribedOperation } from "./shared-results.ts";

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
        // `jobInstanceUpdated`, the only subscription field, returns this type.
        const states = field.subscribe(undefined, variables, context) as States;
        const operation = { prepared, variables, plan };
        const end = () => {
          release();
          // Has an effect only if the client has left before the first response.
          operationLog.trace?.endOperation(operationLog.errorCodes, true);
        };
        const responses = respond(operation, states, operationLog, end);
        return { kind: "stream", responses: endSourceFirst(responses, states, end) };
      } catch (error) {
        release();
        throw error;
      }
    } catch (error) {
      const located = locatedError(error, field.nodes, [field.responseKey]);
      const formatted = formatGraphQLError(located);
      if (codeOf(formatted) === "INTERNAL_SERVER_ERROR") operationLog.internalErrors.push(error);
      return { errors: [formatted], reason: reasonOf(error) };
    }
  };

  async function* respond(
    operation: SubscribedOperation,
    states: States,
    operationLog: OperationLog,
    end: () => void,
  ): AsyncGenerator<string, void, undefined> {
    const { trace } = operationLog;
    const log = ({ text, errorCodes, reason, internalErrors }: SharedResult): string => {
      operationLog.reason ??= reason;
      // A stream can last for hours, so each code and error is logged once.
      operationLog.errorCodes.push(...errorCodes.filter((code) => !operationLog.errorCodes.includes(code)));
      operationLog.internalErrors.push(
        ...internalErrors.filter((error) => !operationLog.internalErrors.includes(error)),
      );
      // The trace contains only the first response, because a stream can last for hours.
      trace?.endOperation(errorCodes, false);
      trace?.endRequest(200, errorCodes);
      return text;
    };
    const responseOf = createChangeDetection(operation, results);
    try {
      for await (const observed of states) {
        const response = await responseOf(observed);
        if (response) yield log(response);
      }
    } catch (error) {
      if (error instanceof StreamInterrupted) throw error;
      yield log(await results.executeFailed(operation, error, trace?.traceId ?? null));
    } finally {
      end();
    }
  }
}

type States = AsyncGenerator<ObservedJob, void, undefined>;

/**
 * Makes `generator.return()` end `source` first. Without this, `return()` of a generator that is waiting for its source
 * would wait for the next value, possibly forever.
 * @param onReturn called by `return()`, even if the generator has not started: its `finally` blocks do not run then
 */
function endSourceFirst<T>(
  generator: AsyncGenerator<T, void, undefined>,
  source: AsyncGenerator<unknown, void, undefined>,
  onReturn: () => void,
): AsyncGenerator<T, void, undefined> {
  const finish = generator.return.bind(generator);
  const end: typeof generator.return = async (value) => {
    onReturn();
    await source.return();
    return finish(value);
  };
  return Object.assign(generator, { return: end });
}

/**
 * Creates a function that returns the response to send for a state, or null if no selected field has changed. The
 * metadata of a read (`observedAt`, …) differs every time. If it is selected, responses without it are compared.
 */
function createChangeDetection(operation: SubscribedOperation, results: SharedResults) {
  const ignoresRead = selectsReadMetadata(operation);
  let last: { readonly state: JobState | null; readonly digest: string } | null = null;
  return async ({ outcome, state }: ObservedJob): Promise<SharedResult | null> => {
    if (state && state === last?.state) return null;
    const result = await results.execute(operation, outcome, ignoresRead);
    const isSame = result.digest === last?.digest;
    last = { state, digest: result.digest };
    if (isSame) return null;
    return ignoresRead ? results.execute(operation, outcome, false) : result;
  };
}

/** Fields that describe the read rather than the job. Changes of these alone do not trigger an event. */
const READ_METADATA_FIELDS: ReadonlySet<string> = new Set(["observedAt", "upstreamRequestId", "elapsedMs"]);

function selectsReadMetadata({ prepared: { operation, fragments } }: SubscribedOperation): boolean {
  let found = false;
  for (const definition of [operation, ...Object.values(fragments)]) {
    visit(definition, {
      [Kind.FIELD]: ({ name }) => {
        found ||= READ_METADATA_FIELDS.has(name.value);
      },
    });
  }
  return found;
}
