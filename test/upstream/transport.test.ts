/** Connections, bodies and timeouts of upstream calls. */
import { createServer } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ENDLESS } from "../e2e/error-expectations.ts";
import { jobQuery, onlyError, queryJob } from "../support/ask.ts";
import { useGateway } from "../support/gateway.ts";
import { useServer } from "../support/listen.ts";
import { useRawUpstream } from "../support/raw-upstream.ts";
import { useRelayedGateway } from "../support/relay.ts";

const MIB = 2 ** 20;

/** A server that sends `bytes` on every connection and then closes it. */
async function serveBytes(bytes: string): Promise<URL> {
  const server = createServer((socket) => {
    socket.on("error", () => {}).once("data", () => socket.end(bytes));
  });
  return new URL(`http://127.0.0.1:${await useServer(server)}/api/bk-job/prod`);
}

describe("an upstream that cannot be reached or closes early", () => {
  it("is unavailable when it refuses the connection", async () => {
    const gateway = await useGateway();
    await gateway.simulator.close();

    const { message, extensions } = onlyError(await queryJob(gateway));

    expect(message).toBe("The upstream could not be reached: the connection was refused.");
    expect(extensions).toEqual({ code: "UPSTREAM_UNAVAILABLE" });
  });

  const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-bkapi-request-id: gw-1\r\n";
  const CHUNK = '8\r\n{"data":\r\n';
  const CONTRACT = "UPSTREAM_CONTRACT";
  const UNAVAILABLE = "UPSTREAM_UNAVAILABLE";

  it.each([
    ["closes the connection without a byte", "", UNAVAILABLE, undefined],
    ["closes within the head", HEAD.slice(0, 40), UNAVAILABLE, undefined],
    [
      "closes within a body of known length",
      `${HEAD}content-length: 99\r\n\r\n{"data":`,
      UNAVAILABLE,
      "gw-1",
    ],
    [
      "closes within a chunked body",
      `${HEAD}transfer-encoding: chunked\r\n\r\n${CHUNK}`,
      UNAVAILABLE,
      "gw-1",
    ],
    [
      "closes within the chunked body of its last response",
      `${HEAD}connection: close\r\ntransfer-encoding: chunked\r\n\r\n${CHUNK}`,
      UNAVAILABLE,
      "gw-1",
    ],
    ["breaks off in the head after a length", `${HEAD}content-length: 9\r\nx: `, UNAVAILABLE, undefined],
    ["does not speak HTTP", "220 mail.example.com ESMTP\r\n", CONTRACT, undefined],
    ["sends more headers than fit", `${HEAD}x-filler: ${"x".repeat(40_000)}\r\n\r\n`, CONTRACT, undefined],
  ])("%s", async (_, bytes, code, gatewayRequestId) => {
    const gateway = await useGateway({ upstream: { baseUrl: await serveBytes(bytes) } });

    const { extensions } = onlyError(await queryJob(gateway));

    expect(extensions.code).toBe(code);
    expect(extensions.upstream?.gatewayRequestId).toBe(gatewayRequestId);
  });
});

describe("an upstream that violates HTTP", () => {
  const BODY = JSON.stringify({ error: { code: "NOT_FOUND", message: "m" } });
  const HEAD = "HTTP/1.1 404 X\r\ncontent-type: application/json\r\n";
  const SWITCH = "HTTP/1.1 101 Switching Protocols\r\n";
  const LENGTH = `content-length: ${BODY.length}\r\n`;

  it.each([
    ["two lengths", `${HEAD}${LENGTH}content-length: 5\r\n\r\n${BODY}`, /one valid `Content-Length`/],
    ["a length that is none", `${HEAD}content-length: x\r\n\r\n${BODY}`, /an HTTP response/],
    [
      "a length and chunks",
      `${HEAD}${LENGTH}transfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      /`Content-Length`/,
    ],
    ["a 101 to WebSocket", `${SWITCH}connection: upgrade\r\nupgrade: websocket\r\n\r\n`, /got HTTP 101/],
    ["a 101 to nothing", `${SWITCH}\r\n`, /got HTTP 101/],
    ["a 101 after an interim response", `HTTP/1.1 100 Continue\r\n\r\n${SWITCH}\r\n`, /got HTTP 101/],
  ])("breaks the contract by %s", async (_, bytes, message) => {
    const upstream = await useRawUpstream(({ socket }) => socket.write(bytes));
    const gateway = await useGateway({ upstream: { baseUrl: upstream.url } });

    const error = onlyError(await queryJob(gateway));

    expect([error.extensions.code, error.message]).toEqual([
      "UPSTREAM_CONTRACT",
      expect.stringMatching(message),
    ]);
    // The call is not retried.
    expect(upstream.calls).toEqual(["1.1"]);
  });
});

describe("the body limit", () => {
  const padded = (length: number) =>
    JSON.stringify({ error: { code: "INTERNAL", message: "ok" } }).padEnd(length);

  it.each([
    ["of exactly the maximum size", 1_000, "UPSTREAM_ERROR"],
    ["of one byte more", 1_001, "UPSTREAM_CONTRACT"],
  ])("applies to a body %s", async (_, length, code) => {
    const gateway = await useGateway({ upstream: { maxBodyBytes: 1_000 } });
    const headers = { "content-type": "application/json" };
    gateway.simulator.script("100", () => ({ kind: "raw", status: 500, headers, body: padded(length) }));

    expect(onlyError(await queryJob(gateway)).extensions.code).toBe(code);
  });

  // 1 GiB is sent. A few MiB in socket buffers cannot be distinguished from bytes that were read.
  it("stops a body without content length while it is read", async () => {
    const gateway = await useRelayedGateway({ upstream: { maxBodyBytes: MIB } });

    const { extensions } = onlyError(await queryJob(gateway, "20000090506"));

    expect(extensions.code).toBe("UPSTREAM_CONTRACT");
    expect(gateway.relay.delivered()).toBeLessThan(32 * MIB);
    await vi.waitFor(() => expect(gateway.relay.open()).toBe(0));
  });

  it("rejects a body by its content length, before it is read", async () => {
    const gateway = await useRelayedGateway({ upstream: { maxBodyBytes: 512 * MIB } });

    const { extensions } = onlyError(await queryJob(gateway, "20000090507"));

    expect(extensions.code).toBe("UPSTREAM_CONTRACT");
    expect(gateway.relay.delivered()).toBeLessThan(32 * MIB);
    await vi.waitFor(() => expect(gateway.relay.open()).toBe(0));
  });
});

describe("connections", () => {
  it("are reused for consecutive calls", async () => {
    const gateway = await useRelayedGateway();

    for (const id of ["100", "20000000404", "20000090005", "100"]) await queryJob(gateway, id);

    expect(gateway.simulator.requests).toHaveLength(4);
    expect(gateway.relay.made()).toBe(1);
  });

  it.each([
    ["was too large", "20000090506"],
    ["was announced as too large", "20000090507"],
    ["was cut off", "20000090505"],
    ["never arrived", "20000090502"],
    ["arrived too slowly", "20000090503"],
    ["was reset", "20000090504"],
  ])("are not reused after a response that %s", async (_, errorJob) => {
    const gateway = await useRelayedGateway({
      upstream: { connections: 1, maxBodyBytes: MIB, timeoutMs: 1_000 },
    });

    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const answer = queryJob(gateway, errorJob);
    await expect.poll(() => gateway.simulator.requests.length).toBe(1);
    if (ENDLESS.has(errorJob)) vi.advanceTimersByTime(1_000);
    const first = await answer;
    const second = await queryJob(gateway);

    expect(first.errors).toHaveLength(1);
    expect(second.data.jobInstance.jobInstanceId).toBe("100");
    expect(gateway.relay.made()).toBe(2);
  });

  it("do not follow a redirect", async () => {
    const gateway = await useGateway();

    const { extensions } = onlyError(await queryJob(gateway, "20000090303"));

    expect(extensions.code).toBe("UPSTREAM_CONTRACT");
    expect(gateway.simulator.requests.map(({ query }) => query.job_instance_id)).toEqual(["20000090303"]);
  });
});

describe("the timeout", () => {
  it("covers the whole response, even if it arrives steadily", async () => {
    // Long enough for the head of the response, and far too short for the body.
    const gateway = await useGateway({ upstream: { timeoutMs: 3_000 } });

    expect(onlyError(await queryJob(gateway, "20000090503")).extensions).toMatchObject({
      code: "UPSTREAM_TIMEOUT",
      upstream: { httpStatus: 200, gatewayRequestId: expect.any(String) },
    });
  });
});

describe("a client that aborts", () => {
  const QUERY = jobQuery("20000090502");
  const abortable = (url: string, signal: AbortSignal) =>
    fetch(`${url}?${new URLSearchParams({ query: QUERY })}`, {
      headers: { "x-bkapi-authorization": '{"access_token":"demo"}', "apollo-require-preflight": "1" },
      signal,
    }).catch((error: Error) => error.name);

  it("aborts its upstream call", async () => {
    const gateway = await useRelayedGateway({ upstream: { timeoutMs: 60_000 } });
    const client = new AbortController();
    const answer = abortable(gateway.url, client.signal);
    await vi.waitFor(() => expect(gateway.simulator.requests).toHaveLength(1));

    client.abort();

    expect(await answer).toBe("AbortError");
    await vi.waitFor(() => expect(gateway.relay.open()).toBe(0));
  });

  it("makes no upstream call if it aborts while waiting for a connection", async () => {
    const gateway = await useGateway({ upstream: { connections: 1, timeoutMs: 60_000 } });
    const [first, second] = [new AbortController(), new AbortController()];
    const answers = [abortable(gateway.url, first.signal), abortable(gateway.url, second.signal)];
    await vi.waitFor(() => expect(gateway.simulator.requests).toHaveLength(1));
    // Once a third request is answered, the second one has reached the queue.
    await fetch(gateway.url.replace("/graphql", "/readyz"));

    second.abort();
    first.abort();
    await Promise.all(answers);
    await queryJob(gateway);

    expect(gateway.simulator.requests.map(({ query }) => query.job_instance_id)).toEqual([
      "20000090502",
      "100",
    ]);
  });
});
