/**
 * The fault matrix: every job of the simulator, as a query, in a list beside a healthy job, and as a subscription. Each has
 * its expected code or outcome, others are not affected, the process keeps running, and no output contains a secret. The jobs are
 * the simulator's own list, so that a new one without an expectation fails here.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { JobEntry } from "../../src/simulator/call.ts";
import { ERROR_JOBS } from "../../src/simulator/error-jobs.ts";
import { SCRIPTED_JOBS } from "../../src/simulator/scripted-jobs.ts";
import { type GraphQLResponse, jobSubscription, onJob } from "../support/ask.ts";
import { startGateway, type TestGateway, type TestGatewayOptions, withLive } from "../support/gateway.ts";
import { type LiveStream, subscribeByEvents } from "../support/live-clients.ts";
import { ENDLESS, EXPECTATIONS } from "./error-expectations.ts";

const APP_SECRET = "fault-matrix-app-secret";
const BK_TOKEN = "fault-matrix-user-token";
/** A login cookie, to which the gateway adds the secret of its app. */
const HEADERS = {
  "x-bkapi-authorization": undefined,
  cookie: `bk_token=${BK_TOKEN}`,
  "accept-language": "en",
};

const HEALTHY = "20000000001";
/** Never finishes. */
const RUNNING = "20000000004";

/** Jobs that have an outcome other than the job itself, besides those of `EXPECTATIONS`. */
const OUTCOMES: Readonly<Record<string, string>> = {
  "20000000403": "PermissionDenied",
  "20000000404": "JobInstanceNotFound",
};

/** Both the type of a result and the code of an error. */
function expectedOf(id: string): string {
  const expected = EXPECTATIONS[id];
  if (expected && "failure" in expected) return expected.failure.code;
  return expected?.outcome ?? OUTCOMES[id] ?? "JobInstance";
}

const SELECTION = `__typename ... on Problem { message upstreamRequestId }
  ${onJob("name steps { name hostResults(first: 1) { totalCount nodes { ip tag status } } }")}`;

const reference = ({ scope, id }: Pick<JobEntry, "scope" | "id">): string => {
  const [type = "", scopeId] = scope.split(":");
  return `{ scopeType: ${type.toUpperCase()}, scopeId: "${scopeId}", jobInstanceId: "${id}" }`;
};

/** What one form of the request got. */
interface Cell {
  /** Type of the result, or code of the only error. */
  readonly result: string;
  /** The response. */
  readonly output: unknown;
}

const resultOf = (value: { readonly __typename: string } | null, errors: GraphQLResponse["errors"] = []) =>
  value && errors.length === 0
    ? value.__typename
    : errors.map(({ extensions }) => extensions.code).join() || "no result and no error";

/** Limits for a machine that is busy. */
const WAIT = { timeout: 30_000, interval: 10 };

interface Forms {
  readonly query: Cell;
  readonly batch: Cell & { readonly healthy: unknown; readonly path: unknown };
  readonly subscription: Cell;
}

async function sendQuery({ ask }: TestGateway, job: JobEntry): Promise<Cell> {
  const { data, errors } = await ask(
    `{ job: jobInstance(ref: ${reference(job)}) { ${SELECTION} } }`,
    {},
    HEADERS,
  );
  return { result: resultOf(data?.job, errors), output: { data, errors } };
}

async function sendBatch({ ask }: TestGateway, job: JobEntry): Promise<Forms["batch"]> {
  const refs = [reference(job), reference({ scope: "biz:1", id: HEALTHY })].join();
  const { data, errors } = await ask(`{ jobInstances(refs: [${refs}]) { ${SELECTION} } }`, {}, HEADERS);
  const [value = null, healthy] = data?.jobInstances ?? [];
  return { result: resultOf(value, errors), output: { data, errors }, healthy, path: errors?.[0]?.path };
}

const subscribe = ({ url }: TestGateway, query: string): LiveStream =>
  subscribeByEvents(url, { query }, { "x-bkapi-authorization": "", cookie: HEADERS.cookie });

/** Reads the first result, which is the only one of a job that has failed or is finished. */
async function sendSubscription(gateway: TestGateway, job: JobEntry): Promise<Cell> {
  const { results, stop } = subscribe(
    gateway,
    `subscription { jobInstanceUpdated(ref: ${reference(job)}) { ${SELECTION} } }`,
  );
  await vi.waitFor(() => expect(results.length).toBeGreaterThan(0), WAIT);
  stop();
  const [{ data, errors } = {}] = results;
  return {
    result: resultOf(data?.jobInstanceUpdated, errors as GraphQLResponse["errors"]),
    output: results,
  };
}

const options = (timeoutMs: number): TestGatewayOptions => ({
  upstream: {
    timeoutMs,
    // Larger than the largest job.
    maxBodyBytes: 24_000_000,
    app: { code: "matrix", secret: APP_SECRET },
    retries: { maxRetries: 1, backoffMs: 0, budgetPercent: 20 },
  },
  config: { ...withLive({ maxFailures: 1 }).config, logLevel: "trace", metrics: { port: null } },
});

let patient: TestGateway;
/** For calls that end only by the timeout. */
let hasty: TestGateway;
let bystander: LiveStream;
const matrix = new Map<string, Promise<Forms>>();

const JOBS: readonly JobEntry[] = [...SCRIPTED_JOBS, ...ERROR_JOBS];

async function runForms(job: JobEntry): Promise<Forms> {
  const gateway = ENDLESS.has(job.id) ? hasty : patient;
  const [query, batch, subscription] = await Promise.all([
    sendQuery(gateway, job),
    sendBatch(gateway, job),
    sendSubscription(gateway, job),
  ]);
  return { query, batch, subscription };
}

beforeAll(async () => {
  patient = await startGateway(options(60_000));
  hasty = await startGateway(options(4_000));
  bystander = subscribe(patient, jobSubscription(RUNNING, SELECTION));
  await vi.waitFor(() => expect(bystander.results).toHaveLength(1), WAIT);
  // Those that wait run beside all others.
  for (const job of JOBS.filter(({ id }) => ENDLESS.has(id))) formsOf(job).catch(() => {});
});
afterAll(async () => {
  bystander.stop();
  await patient.close();
  await hasty.close();
});

const formsOf = (job: JobEntry): Promise<Forms> => {
  const forms = matrix.get(job.id) ?? runForms(job);
  matrix.set(job.id, forms);
  return forms;
};

describe.each(JOBS)("$id: $title", (job) => {
  const expected = expectedOf(job.id);

  it(`is ${expected} as a query, in a list and as a subscription`, async () => {
    const { query, batch, subscription } = await formsOf(job);
    const results = { query: query.result, batch: batch.result, subscription: subscription.result };
    expect(results).toEqual({ query: expected, batch: expected, subscription: expected });
  }, 40_000);

  it("does not affect a healthy job in the same list", async () => {
    const { healthy, path } = (await formsOf(job)).batch;
    expect(healthy).toMatchObject({ __typename: "JobInstance", name: expect.stringMatching(/./) });
    expect(path).toEqual(/^[A-Z_]+$/.test(expected) ? ["jobInstances", 0] : undefined);
  }, 40_000);
});

describe("after all of them", () => {
  it("the process works, and reports it", async () => {
    for (const gateway of [patient, hasty]) {
      expect((await fetch(new URL("/healthz", gateway.url))).status).toBe(200);
      expect(await sendQuery(gateway, { scope: "biz:1", id: HEALTHY } as JobEntry)).toMatchObject({
        result: "JobInstance",
      });
      expect(gateway.logs.filter(({ msg }) => msg === "internal error")).toEqual([]);
    }
  });

  it("a subscription that was open all the time is still open, without an error", async () => {
    expect(bystander.results.every(({ errors }) => errors === undefined)).toBe(true);
    const ended = await Promise.race([bystander.completed.then(() => "ended"), Promise.resolve("open")]);
    expect(ended).toBe("open");
  });

  it("no response, log line, metric or health check contains a secret", async () => {
    const pages = [patient, hasty].flatMap(({ url }) =>
      ["/metrics", "/readyz", "/healthz"].map(async (path) => (await fetch(new URL(path, url))).text()),
    );
    const output = JSON.stringify([
      await Promise.all(matrix.values()),
      patient.logs,
      hasty.logs,
      await Promise.all(pages),
    ]);
    // The credentials have reached the simulator, which echoes them in one of the errors.
    expect(JSON.stringify(patient.simulator.requests)).toContain(APP_SECRET);
    expect(output).toContain("X-Bkapi-Authorization: ***");
    for (const secret of [APP_SECRET, BK_TOKEN]) expect(output).not.toContain(secret);
    expect(output).not.toContain(new URL(patient.simulator.url).host);
  });
});
