/** Shutdown of a gateway: requests are served until it drains. Then, those in flight are answered and new ones rejected. */
import { createServer } from "node:http";
import { describe, expect, it, type TestContext, vi } from "vitest";
import { jobQuery, jobSubscription, onJob } from "../support/ask.ts";
import { startGateway } from "../support/gateway.ts";
import { useHeldUpstream } from "../support/held-upstream.ts";
import { hostRow, jobBytes, stepRow } from "../support/job-payload.ts";
import { useServer } from "../support/listen.ts";
import { subscribeByEvents, subscribeByWebSocket } from "../support/live-clients.ts";

const sleeps = await vi.hoisted(async () => (await import("../support/sleeps.ts")).createSleeps());
vi.mock("node:timers/promises", async (original) => sleeps.mock(await original()));

const QUERY = jobQuery("1");

/** A gateway that is shutting down with one request in flight, and a grace period that the test controls. */
async function startClosing(test: TestContext) {
  const upstream = await useHeldUpstream(test);
  const gateway = await startGateway({ upstream: { baseUrl: new URL(upstream.url), timeoutMs: 60_000 } });
  const answer = gateway.ask(QUERY);
  await upstream.called;
  const { end } = sleeps.hold();
  const closed = gateway.close();
  const get = (path: string) => fetch(new URL(path, gateway.url));
  return { ...gateway, upstream, answer, closed, get, end };
}

describe("after the announcement of a shutdown", () => {
  it("serves requests on new connections and is not ready", async (test) => {
    const gateway = await startGateway();
    test.onTestFinished(gateway.close);
    gateway.announceShutdown();

    const ready = await fetch(new URL("/readyz", gateway.url));
    expect([ready.status, await ready.json()]).toMatchObject([
      503,
      { status: "draining", problems: [{ code: "SHUTTING_DOWN" }] },
    ]);
    const { status, data, headers } = await gateway.ask(QUERY);
    expect([status, data]).toEqual([200, { jobInstance: { __typename: "JobInstanceNotFound" } }]);
    expect(headers.get("connection")).toBe("close");
  });

  it("starts streams on new connections, which last until it drains", async () => {
    const gateway = await startGateway();
    gateway.announceShutdown();
    const query = jobSubscription("20000000004");
    const [socket, events] = [subscribeByWebSocket, subscribeByEvents].map((subscribe) =>
      subscribe(gateway.url, { query }),
    );
    for (const stream of [socket, events]) {
      await expect.poll(() => stream?.results).toMatchObject([{ data: expect.anything() }]);
    }
    await gateway.close();
    await expect(socket?.completed).rejects.toThrow("1001 Going away");
    await expect(events?.completed).rejects.toThrow();
  });

  it("closes the connection of a request that was in flight, after its answer", async (test) => {
    const upstream = await useHeldUpstream(test);
    const gateway = await startGateway({ upstream: { baseUrl: new URL(upstream.url) } });
    test.onTestFinished(gateway.close);
    const answer = gateway.ask(QUERY);
    await upstream.called;
    gateway.announceShutdown();
    upstream.release();

    const { status, headers } = await answer;
    expect([status, headers.get("connection")]).toEqual([200, "close"]);
  });

  it("closes the connection of a large answer, too", async (test) => {
    const arrived = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const rows = Array.from({ length: 1_000 }, (_, id) => hostRow(id + 1));
    const body = jobBytes({
      fields: { job_instance_id: 7 },
      steps: [stepRow({ step_ip_result_list: rows })],
    });
    const upstream = createServer(async (_request, response) => {
      arrived.resolve();
      await released.promise;
      response.writeHead(200, { "content-type": "application/json" }).end(body);
    });
    const port = await useServer(upstream, test);
    const gateway = await startGateway({ upstream: { baseUrl: new URL(`http://127.0.0.1:${port}`) } });
    test.onTestFinished(gateway.close);
    const answer = gateway.ask(
      jobQuery("7", onJob("steps { hostResults(first: 1000) { nodes { id ip agentId status } } }")),
    );
    await arrived.promise;
    gateway.announceShutdown();
    released.resolve();

    const { headers, data } = await answer;
    expect(data.jobInstance.steps[0].hostResults.nodes).toHaveLength(1_000);
    expect(Number(headers.get("content-length"))).toBeGreaterThan(2 ** 16);
    expect(headers.get("connection")).toBe("close");
  });
});

it("answers the request in flight, then closes", async (test) => {
  const { upstream, answer, closed, get } = await startClosing(test);
  upstream.release();

  const { data, headers } = await answer;
  expect(data).toEqual({ jobInstance: { __typename: "JobInstanceNotFound" } });
  expect(headers.get("connection")).toBe("close");
  await closed;
  await expect(get("/healthz")).rejects.toThrow();
});

it("rejects new operations and reports that it is alive but not ready", async (test) => {
  const { upstream, answer, closed, get, ask } = await startClosing(test);

  const ready = await get("/readyz");
  expect([ready.status, await ready.json()]).toEqual([
    503,
    {
      status: "draining",
      problems: [{ code: "SHUTTING_DOWN", message: "This instance is shutting down." }],
    },
  ]);
  expect(ready.headers.get("connection")).toBe("close");
  const alive = await get("/healthz");
  expect([alive.status, await alive.json()]).toEqual([200, { status: "ok" }]);
  const refused = await ask(QUERY);
  expect([refused.status, refused.errors]).toEqual([
    503,
    [
      {
        message: "The gateway is shutting down. Retry on another instance.",
        extensions: { code: "SHUTTING_DOWN" },
      },
    ],
  ]);

  upstream.release();
  await Promise.all([answer, closed]);
});

it("aborts an upstream call that does not end, and answers the client", async (test) => {
  const { answer, closed, end } = await startClosing(test);
  await end(4_000);

  const { status, errors } = await answer;
  expect(status).toBe(200);
  expect(errors).toMatchObject([
    { message: expect.stringContaining("shutting down"), extensions: { code: "UPSTREAM_UNAVAILABLE" } },
  ]);
  await closed;
});

it("closes at once if nothing is in flight, even with keep-alive connections", async () => {
  const gateway = await startGateway();
  await gateway.ask("{ __typename }");
  // A wait for the client's connection would last longer than the test.
  await gateway.close();
});
