/** Waiting for a connection: fair between callers, with limits on number and time. */
import { expect, it, onTestFinished, vi } from "vitest";
import { createTransport } from "../../src/upstream/transport.ts";
import { onlyError, queryJob } from "../support/ask.ts";
import { useGateway } from "../support/gateway.ts";
import { notFoundBody, response, useRawUpstream } from "../support/raw-upstream.ts";

const as = (token: string) => ({ "x-bkapi-authorization": JSON.stringify({ access_token: token }) });

it("serves a caller while hanging calls of another caller take that caller's whole share", async () => {
  // No call of this test can end by its time limit.
  const gateway = await useGateway({ upstream: { connections: 4, timeoutMs: 600_000 } });
  const ids = Array.from({ length: 12 }, (_, index) => String(index + 1));
  for (const id of ids) gateway.simulator.script(id, () => ({ kind: "hang" }));
  let ended = 0;
  const hanging = ids.map((id) => queryJob(gateway, id, as("greedy")).finally(() => (ended += 1)));
  await vi.waitFor(() => expect(gateway.simulator.requests).toHaveLength(3), 10_000);

  for (let call = 0; call < 3; call += 1) {
    expect((await queryJob(gateway, "100", as("other"))).data.jobInstance.jobInstanceId).toBe("100");
  }

  expect(ended).toBe(0);
  expect(gateway.simulator.requests).toHaveLength(6);
  // Ends the hanging calls, so that the gateway can close.
  await gateway.simulator.close();
  await Promise.all(hanging);
});

it("rejects a call when the queue is full, with the remedy", async () => {
  const gateway = await useGateway({ upstream: { connections: 1, maxQueue: 1, timeoutMs: 600_000 } });
  const ids = ["1", "2", "3"];
  for (const id of ids) gateway.simulator.script(id, () => ({ kind: "hang" }));
  const answers = ids.map((id) => queryJob(gateway, id));

  // One call runs and one waits, both until the upstream closes.
  const { message, extensions } = onlyError(await Promise.race(answers));

  expect(extensions).toEqual({ code: "UPSTREAM_UNAVAILABLE", retryAfterMs: 1_000 });
  expect(message).toBe(
    "Too many calls are waiting for a connection to the upstream (maximum 1, three quarters of them for one caller). " +
      "Retry later; raise UPSTREAM_CONNECTIONS or UPSTREAM_MAX_QUEUE if this happens often.",
  );
  await vi.waitFor(() => expect(gateway.simulator.requests).toHaveLength(1), 10_000);
  await gateway.simulator.close();
  await Promise.all(answers);
});

/** A transport with one connection and a timeout of 1 s, on a clock that the test advances. */
async function useTransport() {
  const upstream = await useRawUpstream(({ socket, head }) => {
    if (!head.includes("hang")) socket.write(response(notFoundBody("m")));
  });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const transport = createTransport({
    baseUrl: upstream.url,
    proxy: null,
    timeoutMs: 1_000,
    maxBodyBytes: 1_000,
    connections: 1,
    maxQueue: 10,
  });
  onTestFinished(async () => {
    vi.useRealTimers();
    await transport.destroy();
  });
  /** @returns the result of the call and the events so far. */
  const get = (path: string, signal = new AbortController().signal) => {
    const events: string[] = [];
    const result = transport
      .get({
        path,
        headers: {},
        identity: "i",
        signal,
        onConnection: () => events.push("connection"),
      })
      .then(
        ({ status }) => `HTTP ${status}`,
        (error: Error) => error.message,
      );
    return { events, result };
  };
  return { upstream, get };
}

/** Waits without the clock, which vitest's own functions would advance. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

const turns = async () => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

it("includes the wait for a connection in the timeout", async () => {
  const { upstream, get } = await useTransport();
  const first = get("/hang/1");
  await until(() => upstream.calls.length === 1);
  await vi.advanceTimersByTimeAsync(900);
  // These wait for 100 ms for the connection.
  const [second, third] = [get("/hang/2"), get("/hang/3")];

  await vi.advanceTimersByTimeAsync(100);
  expect(await first.result).toBe("The upstream did not respond within 1000 ms.");
  await until(() => upstream.calls.length === 2);
  // 900 ms are left: for one to get its response, for the other to get a connection.
  vi.advanceTimersByTime(900);

  expect(await second.result).toBe("The upstream did not respond within 1000 ms.");
  expect(await third.result).toBe(
    "No connection to the upstream became free within 1000 ms. Retry later; raise UPSTREAM_CONNECTIONS if this happens often.",
  );
  expect([second.events, third.events]).toEqual([["connection"], []]);
});

it("removes an aborted call from the queue at once", async () => {
  const { upstream, get } = await useTransport();
  const first = get("/hang/1");
  await until(() => upstream.calls.length === 1);
  const client = new AbortController();
  const [second, third] = [get("/2", client.signal), get("/3")];

  client.abort(new Error("client aborted"));
  expect(await second.result).toBe("client aborted");
  await turns();
  expect(upstream.calls).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(999);
  expect(third.events).toEqual([]);

  // The free connection goes to the third call, which has not timed out yet.
  const fourth = get("/4");
  await vi.advanceTimersByTimeAsync(1);
  await first.result;
  expect(second.events).toEqual([]);
  expect(await fourth.result).toBe("HTTP 404");
});

it("reports when a request is written, which can be long after the call", async () => {
  const { upstream, get } = await useTransport();
  const first = get("/hang/1");
  await until(() => upstream.calls.length === 1);
  await vi.advanceTimersByTimeAsync(500);
  const second = get("/2");
  await turns();
  expect(second.events).toEqual([]);

  await vi.advanceTimersByTimeAsync(500);

  await first.result;
  expect(await second.result).toBe("HTTP 404");
  expect(second.events).toEqual(["connection"]);
});
