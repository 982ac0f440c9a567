/** Where the metrics are served, and that they contain neither credentials nor unbounded labels. */
import { describe, expect, it } from "vitest";
import { createMetrics } from "../../src/metrics/metrics.ts";
import { createOperationLog } from "../../src/model/operation-log.ts";
import { createSimulator } from "../../src/simulator/simulator.ts";
import { runProgram } from "../process/program.ts";
import { AUTHORIZATION, ask, jobField } from "../support/ask.ts";
import { useGateway } from "../support/gateway.ts";
import { useHeldUpstream } from "../support/held-upstream.ts";
import { scrape } from "../support/prometheus.ts";

const withPort = (port: number | null) => ({ config: { metrics: { port } } });

describe("metrics", () => {
  it("are not served by default", async () => {
    const { url, metricsUrl } = await useGateway();
    const response = await fetch(new URL("/metrics", url));
    expect([metricsUrl, response.status]).toEqual([null, 404]);
    expect(await response.text()).not.toContain("/metrics");
  });

  it("are served on the port of the gateway if configured", async () => {
    const { url, metricsUrl } = await useGateway(withPort(null));
    expect(metricsUrl).toBeNull();
    const { contentType, families } = await scrape(url);
    expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(families.size).toBeGreaterThan(30);
    const rejected = await fetch(new URL("/metrics", url), { method: "POST" });
    expect([rejected.status, rejected.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("are served on a port of their own if configured, and nothing else is", async () => {
    const { url, metricsUrl } = await useGateway(withPort(0));
    expect(new URL(metricsUrl ?? "").port).not.toBe(new URL(url).port);
    expect((await fetch(new URL("/metrics", url))).status).toBe(404);
    expect((await scrape(metricsUrl ?? "")).families.size).toBeGreaterThan(30);
    const other = await fetch(new URL("/graphql", metricsUrl ?? ""));
    expect(other.status).toBe(404);
    expect(await other.text()).toContain("The gateway serves /metrics.");
  });

  it("are served on an address of their own if configured", async () => {
    const { url, metricsUrl } = await useGateway({ config: { metrics: { port: 0, host: "127.0.0.2" } } });
    expect([new URL(url).hostname, new URL(metricsUrl ?? "").hostname]).toEqual(["127.0.0.1", "127.0.0.2"]);
    expect((await scrape(metricsUrl ?? "")).families.size).toBeGreaterThan(30);
  });

  it.each([null, 0])("are served during shutdown (port %j)", async (port) => {
    const upstream = await useHeldUpstream({ onTestFinished: () => {} });
    const gateway = await useGateway({ ...withPort(port), upstream: { baseUrl: new URL(upstream.url) } });
    const answer = gateway.ask(`{ ${jobField("1")} }`);
    await upstream.called;
    const closed = gateway.close();
    const { sum } = await scrape(gateway.metricsUrl ?? gateway.url);
    expect(sum("bk_job_graphql_upstream_running_calls")).toBe(1);
    upstream.release();
    await Promise.all([answer, closed]);
  });
});

it("the program prints the address of the metrics", async (test) => {
  const simulator = await createSimulator();
  test.onTestFinished(simulator.close);
  const program = runProgram(test, "main.js", [], { JOB_API_URL: simulator.url, METRICS_PORT: "0" });
  const url = await program.url();
  await ask(url, { query: "{ __typename }" }, {});
  const metricsUrl = /^Metrics at (\S+)$/m.exec(program.stderr())?.[1] ?? "";
  await expect.poll(async () => (await scrape(metricsUrl)).sum("bk_job_graphql_operations_total")).toBe(1);
});

it("the number of series is bounded for any names and codes", async () => {
  const metrics = createMetrics();
  for (let index = 0; index < 10_000; index++) {
    const operationLog = createOperationLog();
    operationLog.operationName = `Operation${index}`;
    operationLog.operationType = index % 2 === 0 ? "query" : "subscription";
    operationLog.errorCodes.push(`CODE_${index}`, `CODE_${index + 1}`);
    metrics.onOperation({ transport: "http", operationLog, durationMs: index, isAborted: index % 3 === 0 });
  }
  const text = await metrics.read();
  const valuesOf = (label: string) =>
    new Set([...text.matchAll(new RegExp(`\\b${label}="([^"]*)"`, "g"))].map(([, value]) => value));
  expect(valuesOf("operation").size).toBe(101);
  expect(valuesOf("operation")).toContain("other");
  expect(valuesOf("code").size).toBe(31);
  expect(text.split("\n").length).toBeLessThan(7_000);
});

it("never contain credentials, identities, job ids or addresses", async () => {
  const secret = "s3cr3t-Token_of.a+user";
  const gateway = await useGateway({ ...withPort(null), simulator: { recordRequests: true } });
  const authorization = JSON.stringify({ bk_app_code: "app", bk_app_secret: secret, bk_token: `${secret}2` });
  const headers = {
    "x-bkapi-authorization": authorization,
    "x-bk-tenant-id": secret,
    authorization: `Bearer ${secret}`,
    cookie: `bk_token=${secret}`,
    "x-request-id": secret,
    "apollographql-client-name": secret,
  };
  for (const id of ["20000090020", "20000000002", "20000000403"]) {
    await ask(gateway.url, { query: `query Job { ${jobField(id)} }`, variables: { secret } }, headers);
  }
  await ask(gateway.url, { query: `{ nothing(token: "${secret}") }` }, headers);
  await ask(gateway.url, { query: `{ "${secret}"` }, headers);
  await ask(gateway.url, { query: "{ __typename }", operationName: "s3cr3t" }, headers);
  await (await fetch(`${gateway.url}?query={__typename}&bk_token=${encodeURIComponent(secret)}`)).text();
  await ask(gateway.url, { query: `{ ${jobField("100")} }` }, { "x-bkapi-authorization": AUTHORIZATION });

  const page = await scrape(gateway.url);
  // Without the values: those of CPU time have any digits.
  const text = page.text.replace(/ [\d.e+-]+$/gm, "");
  for (const hidden of [
    "s3cr3t",
    encodeURIComponent(secret),
    "20000000",
    "127.0.0.1",
    gateway.simulator.url,
  ]) {
    expect(text).not.toContain(hidden);
  }
});
