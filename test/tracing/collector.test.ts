/** A collector that is unreachable, slow or overloaded affects neither requests nor the end of the process. */
import { createServer } from "node:http";
import { describe, expect, it, onTestFinished, type TestContext } from "vitest";
import { createSimulator } from "../../src/simulator/simulator.ts";
import { runProgram } from "../process/program.ts";
import { AUTHORIZATION, ask, jobQuery, onJob } from "../support/ask.ts";
import { useGateway } from "../support/gateway.ts";
import { listen } from "../support/listen.ts";
import { useOtlpReceiver } from "../support/otlp-receiver.ts";
import { tracingTo } from "./tracing.ts";

const HEADERS = { "x-bkapi-authorization": AUTHORIZATION };
const QUERY = jobQuery("100", onJob("jobInstanceId"));
const EXPECTED = { jobInstance: { jobInstanceId: "100" } };

/** An address at which nothing listens. */
async function closedUrl(): Promise<URL> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return new URL(`http://127.0.0.1:${port}/v1/traces`);
}

const COLLECTORS = [
  ["is unreachable", closedUrl],
  ["hangs", async (test: Test) => (await useOtlpReceiver(test, { status: "hang" })).url],
  ["is overloaded", async (test: Test) => (await useOtlpReceiver(test, { status: 503 })).url],
  ["rejects the spans", async (test: Test) => (await useOtlpReceiver(test, { status: 401 })).url],
] as const;

type Test = Pick<TestContext, "onTestFinished">;

describe.concurrent.each(COLLECTORS)("a collector that %s", (_what, urlOf) => {
  it("does not affect requests, and the process ends", async (test) => {
    const simulator = await createSimulator();
    test.onTestFinished(simulator.close);
    const program = runProgram(test, "main.js", [], {
      JOB_API_URL: simulator.url,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: (await urlOf(test)).href,
      OTEL_BSP_SCHEDULE_DELAY: "1",
      // The collector alone would not let the process end.
      OTEL_EXPORTER_OTLP_TIMEOUT: "86400000",
    });
    const url = await program.url();
    for (let round = 0; round < 20; round++) {
      const { data, errors } = await ask(url, { query: QUERY }, HEADERS);
      test.expect([data, errors]).toEqual([EXPECTED, undefined]);
    }
    program.process.kill("SIGTERM");
    test.expect(await program.ended).toEqual({ code: 0, signal: null });
  });
});

it("the program sends the last spans before it ends", async (test) => {
  const collector = await useOtlpReceiver(test);
  const simulator = await createSimulator();
  test.onTestFinished(simulator.close);
  const program = runProgram(test, "main.js", [], {
    JOB_API_URL: simulator.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url.origin,
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20secret-token",
    OTEL_BSP_SCHEDULE_DELAY: "86400000",
    OTEL_SERVICE_NAME: "jobs",
  });
  await ask(await program.url(), { query: QUERY }, HEADERS);
  program.process.kill("SIGTERM");
  expect(await program.ended).toEqual({ code: 0, signal: null });

  expect(collector.spans).toHaveLength(3);
  expect(collector.spans[0]?.resource).toMatchObject({ "service.name": "jobs" });
  expect(collector.requests[0]).toMatchObject({ authorization: "Bearer secret-token" });
  expect(program.stdout() + program.stderr()).not.toContain("secret-token");
});

describe("failed exports", () => {
  it("are logged once a minute, without what the collector has sent, and without headers", async () => {
    const collector = await useOtlpReceiver({ onTestFinished }, { status: 401, body: "Bearer s3cr3t" });
    const tracing = tracingTo(collector.url, { headers: { authorization: "Bearer s3cr3t" } });
    const gateway = await useGateway({ config: { tracing } });
    for (let count = 1; count <= 3; count++) {
      await gateway.ask(QUERY);
      await expect.poll(() => collector.requests.length).toBeGreaterThanOrEqual(count);
    }
    const lines = () => gateway.logs.filter(({ msg }) => msg === "traces could not be exported");
    await expect.poll(lines).toHaveLength(1);
    await gateway.close();
    expect(lines()).toMatchObject([{ level: 40, reason: "HTTP 401", failedExports: 1 }]);
    expect(JSON.stringify(gateway.logs)).not.toContain("s3cr3t");
  });

  it("are logged with the code of a failed connection", async () => {
    const tracing = tracingTo(await closedUrl(), { timeoutMs: 1 });
    const gateway = await useGateway({ config: { tracing } });
    await gateway.ask(QUERY);
    await expect
      .poll(() => gateway.logs.find(({ msg }) => msg === "traces could not be exported"))
      .toMatchObject({ reason: "ECONNREFUSED" });
  });
});

it("a collector that hangs cannot make the queue grow beyond its limit", async () => {
  const collector = await useOtlpReceiver({ onTestFinished }, { status: "hang" });
  const tracing = tracingTo(collector.url, { maxQueueSize: 300, scheduleDelayMs: 1 });
  const gateway = await useGateway({ config: { tracing } });
  await gateway.ask(QUERY);
  await expect.poll(() => collector.requests.length).toBe(1);
  const exported = collector.spans.length;
  // 450 spans.
  for (let round = 0; round < 150; round++) await gateway.ask(QUERY);
  expect(collector.requests.length).toBe(1);
  await gateway.close();
  // What was left in the queue is sent at shutdown.
  expect(collector.spans.length - exported).toBe(300);
});

describe.concurrent("the libraries of OpenTelemetry", () => {
  const PRINT_LOADED = { NODE_OPTIONS: `--import ${new URL("../support/print-loaded.ts", import.meta.url)}` };

  const loadedBy = async (test: TestContext, environment: Record<string, string>) => {
    const program = runProgram(test, "main.js", [], { ...PRINT_LOADED, ...environment });
    const answer = await ask(await program.url(), { query: "{ __typename }" }, HEADERS);
    test.expect(answer.data).toEqual({ __typename: "Query" });
    const names = new Set(program.stderr().match(/(?<=^LOADED ).+$/gm));
    test.expect(names).toContain("fastify");
    return [...names].filter((name) => name.startsWith("@opentelemetry/"));
  };

  it.for([{}, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_SDK_DISABLED: "true" }])(
    "are not loaded with %j",
    async (environment, test) => {
      test.expect(await loadedBy(test, environment)).toEqual([]);
    },
  );

  it("are loaded if tracing is enabled", async (test) => {
    const loaded = await loadedBy(test, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" });
    test.expect(loaded).toContain("@opentelemetry/sdk-trace");
  });
});
