/** What `/readyz` reports about an instance that is ready, but limited. */
import { expect, it, onTestFinished } from "vitest";
import { jobSubscription, queryJob } from "../support/ask.ts";
import { type TestGateway, useGateway, withLive } from "../support/gateway.ts";
import { useHeldUpstream } from "../support/held-upstream.ts";
import { subscribeByWebSocket } from "../support/live-clients.ts";

async function readiness({ url }: Pick<TestGateway, "url">) {
  const response = await fetch(new URL("/readyz", url));
  // The test knows the shape.
  const body = (await response.json()) as { problems: unknown };
  return { status: response.status, body };
}

const readyWith = (...problems: unknown[]) => ({ status: 200, body: { status: "ready", problems } });

it("reports failing upstream calls after the third in a row, until one is answered", async () => {
  const gateway = await useGateway();
  for (let count = 0; count < 2; count++) await queryJob(gateway, "20000090112");
  expect(await readiness(gateway)).toEqual(readyWith());

  await queryJob(gateway, "20000090112");
  const message = expect.stringMatching(
    /^The last 3 upstream calls failed, the latest \d+ s ago with UPSTREAM_UNAVAILABLE\.$/,
  );
  expect(await readiness(gateway)).toEqual(readyWith({ code: "UPSTREAM_FAILING", message }));

  await queryJob(gateway, "100");
  expect(await readiness(gateway)).toEqual(readyWith());
});

it.each([
  ["credentials", "20000090008"],
  ["the app", "20000090102"],
  ["too many calls", "20000090004"],
  ["an invalid argument", "20000090018"],
])("does not count it as failing when the upstream rejects %s of a caller", async (_what, id) => {
  const gateway = await useGateway();
  for (let count = 0; count < 4; count++) await queryJob(gateway, id);
  expect(await readiness(gateway)).toEqual(readyWith());
});

it("does not count it as failing when the upstream answers with something else than a job", async () => {
  const gateway = await useGateway();
  for (let count = 0; count < 4; count++) await queryJob(gateway, "20000090301");
  expect(await readiness(gateway)).toEqual(readyWith());
});

it("says nothing about the address or the messages of the upstream", async () => {
  const gateway = await useGateway();
  // Echoes credentials and its URL.
  for (let count = 0; count < 3; count++) await queryJob(gateway, "20000090020");
  const { body } = await readiness(gateway);
  expect(body.problems).toHaveLength(1);
  expect(JSON.stringify(body)).not.toMatch(/127\.0\.0\.1|demo|access_token/);
});

it("reports a queue that is full for a single identity", async () => {
  const upstream = await useHeldUpstream({ onTestFinished });
  const gateway = await useGateway({
    upstream: { baseUrl: new URL(upstream.url), connections: 1, maxQueue: 4 },
  });
  const answers = ["1", "2", "3", "4"].map((id) => queryJob(gateway, id));
  const message = "3 upstream calls wait for a connection (UPSTREAM_MAX_QUEUE is 4).";
  await expect.poll(() => readiness(gateway)).toEqual(readyWith({ code: "QUEUE_FULL", message }));

  upstream.release();
  await Promise.all(answers);
  expect(await readiness(gateway)).toEqual(readyWith());
});

it("reports subscriptions and WebSockets at their limits", async () => {
  const { config } = withLive({ maxSubscriptions: 1 });
  const gateway = await useGateway({ config: { ...config, webSocket: { maxConnections: 1 } } });
  const { stop } = subscribeByWebSocket(gateway.url, { query: jobSubscription("20000000010") });
  await expect
    .poll(() => readiness(gateway))
    .toEqual(
      readyWith(
        { code: "LIMIT_REACHED", message: "1 open subscriptions (LIVE_MAX_VIEWERS is 1)." },
        { code: "LIMIT_REACHED", message: "1 open WebSockets (WEBSOCKET_MAX_CONNECTIONS is 1)." },
      ),
    );
  stop();
  await expect.poll(() => readiness(gateway)).toEqual(readyWith());
});

it("does not report limits of 0, which accept none on purpose", async () => {
  const { config } = withLive({ maxSubscriptions: 0 });
  const gateway = await useGateway({ config: { ...config, webSocket: { maxConnections: 0 } } });
  expect(await readiness(gateway)).toEqual(readyWith());
});
