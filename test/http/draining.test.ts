/** Shutdown of a gateway: requests in flight are answered, new ones are rejected. */
import { expect, it, type TestContext, vi } from "vitest";
import { jobQuery } from "../support/ask.ts";
import { startGateway } from "../support/gateway.ts";
import { useHeldUpstream } from "../support/held-upstream.ts";

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

it("answers the request in flight, then closes", async (test) => {
  const { upstream, answer, closed, get } = await startClosing(test);
  upstream.release();

  expect((await answer).data).toEqual({ jobInstance: { __typename: "JobInstanceNotFound" } });
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
