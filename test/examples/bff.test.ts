/** The BFF: the user's credentials, its own fields, errors, deadlines, disconnects and server-sent events. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { SimulatedResponse } from "../../src/simulator/response.ts";
import type { SimulatedRequest } from "../../src/simulator/simulator.ts";
import { DENIED, UNAVAILABLE } from "../live/live-job.ts";
import { installExample, type RunningExample, removeExample, startExample } from "../support/example.ts";
import { startGateway, type TestGateway, useGateway } from "../support/gateway.ts";
import { useHeldUpstream } from "../support/held-upstream.ts";
import { jobResponse } from "../support/job-payload.ts";
import { useServer } from "../support/listen.ts";
import { untilNotPolled } from "../support/not-polled.ts";
import { readResponse } from "../support/response-reader.ts";
import { useSwitchingProxy } from "../support/switching-proxy.ts";
import { changingJob, finished, running } from "../watch/run-watch.ts";

const APP = { BK_APP_CODE: "portal", BK_APP_SECRET: "secret-of-the-app" };

/** The jobs of the deployments. */
const WEB_JOB = "20000000003";
const WORKER_JOB = "20000000002";

const CACHE = { snapshots: { maxAgeRunningMs: 1_000, maxAgeFinishedMs: 5_000, maxBytes: 2 ** 28 } };

let folder: string;
let gateway: TestGateway;
let bff: RunningExample;
beforeAll(async () => {
  folder = installExample("bff");
  // As in production, so that users could get what others have read.
  gateway = await startGateway({ config: CACHE });
  bff = await startExample(folder, { environment: { ...APP, GATEWAY_URL: gateway.url } });
});
afterAll(async () => {
  await bff.stop();
  await gateway.close();
  removeExample(folder);
});

/** A BFF for one test, for another gateway. */
async function useBff(gatewayUrl: string): Promise<RunningExample> {
  const example = await startExample(folder, { environment: { ...APP, GATEWAY_URL: gatewayUrl } });
  onTestFinished(async () => void (await example.stop()));
  return example;
}

interface RequestOptions {
  /** The user's login cookie. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly at?: RunningExample;
  readonly signal?: AbortSignal;
}

const request = (path: string, { token, headers, at = bff, signal }: RequestOptions): Promise<Response> =>
  fetch(new URL(path, at.url), {
    headers: { ...(token !== undefined && { cookie: `theme=dark; bk_token=${token}` }), ...headers },
    ...(signal && { signal }),
  });

/** The deployment `worker`, whose job is finished. */
async function readWorker(options: RequestOptions) {
  const response = await request("/api/deployments/worker", options);
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** Upstream calls since this function was called. */
function recordCalls(): () => readonly SimulatedRequest[] {
  const { length } = gateway.simulator.requests;
  return () => gateway.simulator.requests.slice(length);
}

const tokenOf = ({ headers }: SimulatedRequest): string =>
  JSON.parse(String(headers["x-bkapi-authorization"])).bk_token;

describe("a deployment", () => {
  it("has fields of the BFF beside those of its job, as its page shows", async () => {
    const readme = readFileSync(join(folder, "README.md"), "utf8");
    const shown = JSON.parse(/```json\n([\s\S]*?)```/.exec(readme)?.[1] ?? "");
    const calls = recordCalls();
    const { body } = await readWorker({ token: "fields" });
    expect(body).toEqual({ ...shown, failedHosts: expect.arrayContaining(shown.failedHosts) });
    expect(body.failedHosts).toHaveLength(9);
    expect(calls()).toHaveLength(1);
  });

  it("is shown without its job if the user may not view the job", async () => {
    const response = await request("/api/deployments/billing", {
      token: "outcomes",
      headers: { "accept-language": "en" },
    });
    expect(await response.json()).toMatchObject({
      version: "5.0.1",
      state: "unknown",
      job: null,
      problem: { kind: "PermissionDenied", permissions: ["业务访问"] },
    });
  });

  it("is shown without its job if the job has been deleted", async () => {
    const response = await request("/api/deployments/legacy", { token: "outcomes" });
    expect(await response.json()).toMatchObject({
      version: "1.9.7",
      job: null,
      problem: { kind: "JobInstanceNotFound" },
    });
  });

  it("is not found under another id", async () => {
    const response = await request("/api/deployments/nope", { token: "outcomes" });
    expect([response.status, (await response.json()).code]).toEqual([404, "NOT_FOUND"]);
  });
});

describe("credentials", () => {
  const { BK_APP_CODE: bk_app_code, BK_APP_SECRET: bk_app_secret } = APP;

  it.each([
    ["the cookie bk_token", { cookie: "a=1; bk_token=t1" }, { bk_app_code, bk_app_secret, bk_token: "t1" }],
    ["the cookie bk_ticket", { cookie: "bk_ticket=t2" }, { bk_app_code, bk_app_secret, bk_ticket: "t2" }],
    ["an access token", { authorization: "Bearer t3", cookie: "bk_token=t4" }, { access_token: "t3" }],
    ["one after a tab", { authorization: "bearer\tt5", cookie: "bk_token=t4" }, { access_token: "t5" }],
  ])("are those of the user: %s", async (_name, headers, expected) => {
    const calls = recordCalls();
    const more = { "x-bk-tenant-id": "tenant", "accept-language": "en" };
    const { status } = await readWorker({ headers: { ...headers, ...more } });
    expect(status).toBe(200);
    const [call, ...others] = calls();
    expect(others).toEqual([]);
    expect(JSON.parse(String(call?.headers["x-bkapi-authorization"]))).toEqual(expected);
    expect(call?.headers).toMatchObject({ "x-bk-tenant-id": "tenant", "blueking-language": "en" });
  });

  it("are required", async () => {
    const calls = recordCalls();
    const { status, body } = await readWorker({
      headers: { cookie: "theme=dark", authorization: "Basic YTpi" },
    });
    expect([status, body.code]).toEqual([401, "UNAUTHENTICATED"]);
    expect(calls()).toEqual([]);
  });

  it("are not those of the cookie if the token is missing", async () => {
    const calls = recordCalls();
    const { status } = await readWorker({ headers: { authorization: "Bearer", cookie: "bk_token=t4" } });
    expect(status).toBe(401);
    expect(calls()).toEqual([]);
  });

  it("of one user never serve another", async () => {
    const isAllowed = (token: string) => token.startsWith("alice");
    gateway.simulator.script(WORKER_JOB, (call) =>
      isAllowed(tokenOf(call)) ? jobResponse({ fields: { name: tokenOf(call) } }) : DENIED,
    );
    onTestFinished(() => gateway.simulator.script(WORKER_JOB, () => undefined));
    const tokens = Array.from({ length: 40 }, (_, index) => `${index % 2 ? "alice" : "bob"}-${index % 8}`);
    const bodies = await Promise.all(tokens.map(async (token) => (await readWorker({ token })).body));
    const seen = bodies.map(({ job, problem }) => job?.name ?? problem.kind);
    expect(seen).toEqual(tokens.map((token) => (isAllowed(token) ? token : "PermissionDenied")));
  });
});

describe("an error of the gateway", () => {
  const json = (status: number, code: string, headers = {}): SimulatedResponse => ({
    kind: "json",
    status,
    headers,
    body: { error: { code, message: code } },
  });

  it.each<[expected: object, SimulatedResponse]>([
    [{ status: 401, code: "UNAUTHENTICATED", retryAfter: null }, json(401, "UNAUTHENTICATED")],
    [
      { status: 429, code: "RATE_LIMITED", retryAfter: "3" },
      json(429, "RESOURCE_EXHAUSTED", { "retry-after": "3" }),
    ],
    [{ status: 503, code: "JOB_UNAVAILABLE", retryAfter: null }, UNAVAILABLE],
    [{ status: 502, code: "JOB_UNAVAILABLE", retryAfter: null }, json(500, "INTERNAL")],
  ])("is the HTTP error $status $code", async (expected, response) => {
    gateway.simulator.script(WORKER_JOB, () => response);
    onTestFinished(() => gateway.simulator.script(WORKER_JOB, () => undefined));
    const { status, headers, body } = await readWorker({ token: "errors" });
    expect({ status, code: body.code, retryAfter: headers.get("retry-after") }).toEqual(expected);
    await expect.poll(bff.output).toContain(body.requestId);
  });

  it("is HTTP 503 if the gateway cannot be reached, without its address", async () => {
    const proxy = await useSwitchingProxy({ onTestFinished });
    const { url, stop } = await proxy.start();
    await stop();
    const at = await useBff(url);
    const { status, body } = await readWorker({ token: "down", at });
    expect([status, body.code]).toEqual([503, "JOB_UNAVAILABLE"]);
    expect(body.message).not.toContain(new URL(url).host);
  });
});

describe("a deadline", () => {
  it("is passed on to the gateway, with the id of the request", async () => {
    const { promise, resolve } = Promise.withResolvers<IncomingHttpHeaders>();
    const server = createServer((incoming, response) => {
      resolve(incoming.headers);
      response.writeHead(503).end();
    });
    const at = await useBff(`http://127.0.0.1:${await useServer(server)}/graphql`);
    const { body } = await readWorker({
      token: "deadline",
      headers: { "x-request-deadline-ms": "5000" },
      at,
    });
    const headers = await promise;
    expect(headers["x-request-deadline-ms"]).toBe("4900");
    expect(headers["x-request-id"]).toBe(body.requestId);
  });

  it("ends a request to a gateway that does not respond", async () => {
    const silent = await useHeldUpstream({ onTestFinished });
    const at = await useBff(`${silent.url}/graphql`);
    const { status, body } = await readWorker({
      token: "deadline",
      headers: { "x-request-deadline-ms": "300" },
      at,
    });
    expect([status, body.code]).toEqual([504, "DEADLINE_EXCEEDED"]);
    await silent.aborted;
  });

  it.each(["0", "soon", "1.5", "60001"])("is rejected if it is invalid: %s", async (deadline) => {
    const calls = recordCalls();
    const { status } = await readWorker({
      token: "deadline",
      headers: { "x-request-deadline-ms": deadline },
    });
    expect(status).toBe(400);
    expect(calls()).toEqual([]);
  });
});

it("aborts the request to the gateway if the client disconnects", async () => {
  const upstream = await useHeldUpstream({ onTestFinished });
  const slow = await useGateway({ upstream: { baseUrl: new URL(upstream.url) } });
  const at = await useBff(slow.url);
  const client = new AbortController();
  const response = readWorker({ token: "gone", at, signal: client.signal });
  await upstream.called;
  client.abort();
  await expect(response).rejects.toThrow("aborted");
  await upstream.aborted;
});

describe("server-sent events", () => {
  const openEvents = async (options: RequestOptions) => {
    const response = await request("/api/deployments/web/events", options);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    return readResponse(response);
  };

  it("show a deployment live to its end", async () => {
    const job = changingJob(gateway, WEB_JOB, running());
    const events = await openEvents({ token: "live" });
    await events.until('"state":"deploying"');
    job.become(finished());
    await events.until("event: end");
    expect(events.text()).toMatch(
      /event: deployment\ndata: {"id":"web",.*"state":"deployed".*\n\nevent: end/,
    );
    expect(await events.next()).toBeUndefined();
  });

  it("continue after a restart of the gateway", async () => {
    const proxy = await useSwitchingProxy({ onTestFinished });
    const first = await proxy.start();
    changingJob(first, WEB_JOB, running());
    const events = await openEvents({ token: "restart", at: await useBff(first.url) });
    await events.until('"state":"deploying"');
    await first.stop();
    await events.until("event: reconnecting");
    const second = await proxy.start();
    onTestFinished(second.stop);
    changingJob(second, WEB_JOB, finished());
    await events.until('"state":"deployed"');
  });

  it("end the subscription if the client disconnects", async () => {
    changingJob(gateway, WEB_JOB, running());
    const events = await openEvents({ token: "leaves" });
    await events.until("event: deployment");
    await events.cancel();
    await untilNotPolled(gateway, WEB_JOB);
  });

  it("are an HTTP error without credentials", async () => {
    const response = await request("/api/deployments/web/events", {});
    expect(response.status).toBe(401);
  });

  it("end without `end` when the BFF stops, so that browsers reconnect", async () => {
    changingJob(gateway, WEB_JOB, running());
    const at = await useBff(gateway.url);
    const events = await openEvents({ token: "stops", at });
    await events.until("event: deployment");
    expect(await at.stop()).toBe(0);
    while ((await events.next()) !== undefined);
    expect(events.text()).not.toContain("event: end");
  });
});

it("logs no credentials", async () => {
  await readWorker({ token: "token-of-carol" });
  await readWorker({ headers: { authorization: "Bearer token-of-dave" } });
  gateway.simulator.script(WORKER_JOB, () => UNAVAILABLE);
  onTestFinished(() => gateway.simulator.script(WORKER_JOB, () => undefined));
  await readWorker({ token: "token-of-erin" });
  await expect
    .poll(() =>
      bff
        .output()
        .match(/"statusCode":\d+/g)
        ?.at(-1),
    )
    .toBe('"statusCode":503');
  expect(bff.output()).not.toMatch(/secret-of-the-app|token-of-|bk_token/);
});
