/** Runs operations through both executors, over a real upstream client and simulator, and compares what they say. */
import { type DocumentNode, type ExecutionResult, parse, validate } from "graphql";
import { formatError } from "../../../src/graphql/errors.ts";
import { createDetachedJsonPool } from "../../../src/graphql/executor/detached-rows.ts";
import { createCompiledExecutor, createPlainExecutor } from "../../../src/graphql/executor/executor.ts";
import { createSchema } from "../../../src/graphql/schema.ts";
import { createJobLoader } from "../../../src/jobs/job-loader.ts";
import type { Snapshots } from "../../../src/jobs/snapshots.ts";
import type { JobOutcome } from "../../../src/model/job-instance.ts";
import { createSimulator, type Simulator } from "../../../src/simulator/simulator.ts";
import { createCaller } from "../../../src/upstream/caller.ts";
import { createUpstreamClient } from "../../../src/upstream/client.ts";
import { createTrace } from "../../../src/upstream/trace.ts";
import { AUTHORIZATION } from "../../support/gateway.ts";

export interface Asked {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string | null;
}

/** A response as JSON text, its keys in their order. */
type Response = string;

export interface BothExecutors {
  readonly simulator: Simulator;
  /** The response of graphql-js, and those of the compiled executor to the same operation asked again and again. */
  readonly ask: (
    asked: Asked,
  ) => Promise<{ readonly plain: Response; readonly compiled: readonly Response[] }>;
  /** Response of the compiled executor alone. */
  readonly askCompiled: (document: DocumentNode, asked?: Omit<Asked, "query">) => Promise<Response>;
  readonly close: () => Promise<void>;
}

/** The first run is graphql-js's on the execution schema, then comes compiled code. */
const RUNS = 3;

const CALLER = createCaller({ authorization: AUTHORIZATION, tenantId: null, language: null });

export async function startBothExecutors(): Promise<BothExecutors> {
  const simulator = await createSimulator({ recordRequests: true });
  const upstream = createUpstreamClient({
    baseUrl: new URL(simulator.url),
    timeoutMs: 5_000,
    maxBodyBytes: 2 ** 24,
    connections: 8,
  });
  const schema = createSchema();
  const plain = createPlainExecutor(schema);
  const compiled = createCompiledExecutor(schema);
  const createDetachedJson = createDetachedJsonPool();

  const createContext = (snapshots: Snapshots) => {
    const trace = createTrace();
    const { signal } = new AbortController();
    const jobs = createJobLoader({ snapshots, caller: CALLER, trace, signal, accept: "recent" });
    return { jobs, live: null, trace, detached: createDetachedJson() };
  };

  const run = async (
    executor: typeof plain,
    document: DocumentNode,
    asked: Omit<Asked, "query">,
    seen: Snapshots,
  ) => {
    const context = createContext(seen);
    const { variables = {}, operationName = null } = asked;
    const result = await executor({ document, operationName, variables, context });
    const text = JSON.stringify({ data: result.data, errors: errorsOf(result) });
    return JSON.stringify(JSON.parse(String(context.detached.attach(text))));
  };

  /** The upstream, asked once for each job and needs: what differs then is the executors' doing. */
  const createSeen = (): Snapshots => {
    const seen = new Map<string, Promise<JobOutcome>>();
    return {
      get: (lookup) => {
        const key = JSON.stringify([lookup.ref, lookup.needs]);
        const outcome = seen.get(key) ?? upstream.getJobInstance(lookup);
        seen.set(key, outcome);
        return outcome;
      },
    };
  };

  const ask: BothExecutors["ask"] = async ({ query, ...asked }) => {
    const document = parse(query);
    const faults = validate(schema, document);
    if (faults.length > 0) throw new Error(`Expected a valid document, got: ${faults.join("\n")}\n${query}`);
    const seen = createSeen();
    const expected = await run(plain, document, asked, seen);
    const calls = simulator.requests.length;
    const answers: Response[] = [];
    for (let i = 0; i < RUNS; i++) answers.push(await run(compiled, document, asked, seen));
    if (simulator.requests.length > calls)
      throw new Error(`Expected both to need the same of the jobs: ${query}`);
    return { plain: expected, compiled: answers };
  };

  const askCompiled: BothExecutors["askCompiled"] = (document, asked = {}) =>
    run(compiled, document, asked, createSeen());

  const close = async () => {
    await upstream.close();
    await simulator.close();
  };

  return { simulator, ask, askCompiled, close };
}

const errorsOf = ({ errors }: ExecutionResult) => errors?.map((error) => formatError(error.toJSON(), error));
