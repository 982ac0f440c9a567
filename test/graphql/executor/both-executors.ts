/** Runs operations with both executors, over a real upstream client and a simulator. */
import { type ExecutionResult, execute as executeByReference, GraphQLError, parse } from "graphql";
import type { OperationContext } from "../../../src/graphql/context.ts";
import { formatError, formatGraphQLError } from "../../../src/graphql/errors.ts";
import { createPlanExecutor } from "../../../src/graphql/executor/plan-executor.ts";
import { createPlanner } from "../../../src/graphql/executor/planner.ts";
import { createDocuments } from "../../../src/graphql/operation/documents.ts";
import { createPrepare } from "../../../src/graphql/operation/prepare.ts";
import { isInvalid } from "../../../src/graphql/operation/request-errors.ts";
import { createRunOperation } from "../../../src/graphql/operation/run.ts";
import { createSchema } from "../../../src/graphql/schema.ts";
import { createJobLoader } from "../../../src/jobs/job-loader.ts";
import type { Snapshots } from "../../../src/jobs/snapshots.ts";
import type { JobOutcome } from "../../../src/model/job-instance.ts";
import { createOperationLog } from "../../../src/model/operation-log.ts";
import { createSimulator, type Simulator } from "../../../src/simulator/simulator.ts";
import { createCaller } from "../../../src/upstream/caller.ts";
import { createUpstreamClient } from "../../../src/upstream/client.ts";
import { AUTHORIZATION } from "../../support/ask.ts";
import { DOCUMENT_LIMITS } from "../../support/limits.ts";

export interface Asked {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string | null;
}

/** A response as JSON, with keys in order and errors sorted, because the order of errors across jobs is not defined. */
type Response = string;

export interface BothExecutors {
  readonly simulator: Simulator;
  /** The response of graphql-js, and those of the plan executor to repeated runs of the same operation. */
  readonly ask: (
    asked: Asked,
  ) => Promise<{ readonly reference: Response; readonly planned: readonly Response[] }>;
  /** Response of the plan executor alone. */
  readonly askPlanned: (asked: Asked) => Promise<Response>;
  readonly close: () => Promise<void>;
}

/** graphql-js adds an error in its own terms when there are more. */
const MAX_COERCION_ERRORS = 5;
const NOT_LISTED = new GraphQLError(`Only the first ${MAX_COERCION_ERRORS} errors are listed.`);

/** Row writers work step by step at first, and with generated code later. */
const RUNS = 3;

const CALLER = createCaller({ authorization: AUTHORIZATION, tenantId: null, language: null });

export async function startBothExecutors(): Promise<BothExecutors> {
  const simulator = await createSimulator({ recordRequests: true });
  const upstream = createUpstreamClient({
    baseUrl: new URL(simulator.url),
    timeoutMs: 60_000,
    maxBodyBytes: 2 ** 24,
    connections: 8,
    maxQueue: 1_000,
    proxy: null,
    retries: null,
    circuitBreaker: null,
  });
  const schema = createSchema({ jobSiteUrl: new URL("https://job.example.com") });
  const executorOptions = { maxResponseBytes: 2 ** 26, formatError: formatGraphQLError };
  const { prepare } = createPrepare({
    schema,
    createPlan: createPlanner(schema),
    maxBytes: 2 ** 24,
    limits: DOCUMENT_LIMITS,
  });
  const execute = createPlanExecutor(executorOptions);
  const run = createRunOperation({
    documents: createDocuments(null),
    prepare,
    execute,
    startSubscription: () => {
      throw new Error("Expected no subscription to start here.");
    },
    onLimit: null,
  });

  const createContext = (snapshots: Pick<Snapshots, "get">): OperationContext => {
    const operationLog = createOperationLog();
    const { signal } = new AbortController();
    const jobs = createJobLoader({ snapshots, caller: CALLER, operationLog, signal, accept: "cached" });
    return { jobs, watch: null, operationLog, signal };
  };

  /** graphql-js with host results for every job, whether the operation requires them or not. */
  const askReference = async (
    { query, variables, operationName }: Asked,
    snapshots: Pick<Snapshots, "get">,
  ) => {
    const result = await executeByReference({
      schema,
      document: parse(query),
      options: { maxCoercionErrors: MAX_COERCION_ERRORS },
      operationName,
      variableValues: variables,
      contextValue: { ...createContext(snapshots), requiredData: () => "hosts", examineRows: () => {} },
    });
    return normalized(JSON.stringify({ data: result.data, errors: errorsOf(result) }));
  };

  const askPlanned = async (
    { query, variables = {}, operationName = null }: Asked,
    snapshots: Pick<Snapshots, "get">,
  ) => {
    const context = createContext(snapshots);
    const prepared = prepare(query, operationName);
    if (!isInvalid(prepared) && prepared.type === "subscription") {
      // A single event, without transport and stream.
      const coerced = prepared.coerceVariables(variables);
      if ("errors" in coerced) throw new Error("Expected variables of a subscription to be good.");
      const plan = prepared.planFor(coerced.coerced);
      const { requiredData } = plan;
      const execution = {
        source: prepared,
        plan,
        variables: coerced.coerced,
        context: { ...context, requiredData, examineRows: () => {} },
      };
      return normalized(String((await execute(execution)).body));
    }
    const result = await run({ query, documentId: null, variables, operationName }, context);
    if (result.kind !== "single") throw new Error("Expected a single response.");
    return normalized(String(result.body));
  };

  /** Calls the upstream once per job, so that differences are caused by the executors. */
  const createSeen = (): Pick<Snapshots, "get"> => {
    const seen = new Map<string, Promise<JobOutcome>>();
    return {
      get: async (lookup) => {
        const key = JSON.stringify(lookup.ref);
        const outcome = seen.get(key) ?? upstream.getJobInstance({ ...lookup, requiredData: "hosts" });
        seen.set(key, outcome);
        return lookup.requiredData === "hosts" ? outcome : withoutHosts(await outcome);
      },
    };
  };

  const ask: BothExecutors["ask"] = async (asked) => {
    const prepared = prepare(asked.query, asked.operationName ?? null);
    if (isInvalid(prepared) && prepared.errors[0]?.extensions?.code !== "OPERATION_RESOLUTION_FAILURE")
      throw new Error(`Expected a valid document, got: ${JSON.stringify(prepared.errors)}\n${asked.query}`);
    const seen = createSeen();
    const reference = await askReference(asked, seen);
    const calls = simulator.requests.length;
    const planned: Response[] = [];
    for (let i = 0; i < RUNS; i++) planned.push(await askPlanned(asked, seen));
    if (simulator.requests.length > calls)
      throw new Error(`Expected both to look up the same jobs: ${asked.query}`);
    return { reference, planned };
  };

  const close = async () => {
    await upstream.close();
    await simulator.close();
  };

  return { simulator, ask, askPlanned: (asked) => askPlanned(asked, createSeen()), close };
}

/** An outcome for a lookup without host results: reading them throws. */
function withoutHosts(outcome: JobOutcome): JobOutcome {
  if (outcome.kind !== "job") return outcome;
  return { ...outcome, steps: outcome.steps.map((step) => ({ ...step, hostResults: null })) };
}

/** Errors before execution have codes that depend on where they occur. */
const errorsOf = ({ errors, data }: ExecutionResult) =>
  errors?.map((found, index) => {
    const error = data === undefined && index === MAX_COERCION_ERRORS ? NOT_LISTED : found;
    const { locations, ...rest } = error.toJSON();
    const code = /^(Unknown operation named|Must provide)/.test(error.message)
      ? "OPERATION_RESOLUTION_FAILURE"
      : "BAD_USER_INPUT";
    if (data === undefined) {
      return formatError({ ...rest, ...(locations && { locations }), extensions: { code } }, error);
    }
    return formatGraphQLError(error);
  });

function normalized(response: string): Response {
  const { data, errors } = JSON.parse(response);
  const sorted = errors?.toSorted((a: unknown, b: unknown) =>
    JSON.stringify(a) < JSON.stringify(b) ? -1 : 1,
  );
  return JSON.stringify({ data, errors: sorted });
}
