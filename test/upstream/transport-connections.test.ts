/** Closed connections, interim responses and large heads of the upstream. */
import { describe, expect, it } from "vitest";
import { onlyError, queryJob } from "../support/ask.ts";
import { useGateway } from "../support/gateway.ts";
import { notFoundBody, type RawCall, response, useRawUpstream } from "../support/raw-upstream.ts";

const ANSWER = response(notFoundBody("found nothing"));

/** A gateway with one connection to an upstream that handles each request with `answer`. */
async function useRawGateway(answer: (call: RawCall) => void) {
  const upstream = await useRawUpstream(answer);
  const gateway = await useGateway({ upstream: { baseUrl: upstream.url, connections: 1 } });
  /** The message of "not found", or the code of an error. */
  const ask = async () => {
    const { data, errors } = await queryJob(gateway);
    return data.jobInstance?.message ?? errors?.[0]?.extensions.code;
  };
  return { upstream, gateway, ask };
}

describe("a reused connection that the upstream has closed", () => {
  it.each<[string, (call: RawCall) => void]>([
    ["by FIN", ({ socket }) => socket.end()],
    ["by a reset", ({ socket }) => socket.resetAndDestroy()],
  ])("%s is replaced, and the call is retried once", async (_, close) => {
    const { upstream, ask, gateway } = await useRawGateway((call) => {
      if (call.connection === 1 && call.request === 2) close(call);
      else call.socket.write(ANSWER);
    });

    expect([await ask(), await ask()]).toEqual(["found nothing", "found nothing"]);
    expect(upstream.calls).toEqual(["1.1", "1.2", "2.1"]);
    expect(gateway.logs.filter(({ msg }) => msg === "request")).toMatchObject([
      { upstreamCalls: 1 },
      { upstreamCalls: 1 },
    ]);
  });

  it("is replaced only once per call", async () => {
    const { upstream, ask } = await useRawGateway(({ socket, connection, request }) => {
      if (connection === 1 && request === 1) socket.write(ANSWER);
      else socket.end();
    });

    expect([await ask(), await ask()]).toEqual(["found nothing", "UPSTREAM_UNAVAILABLE"]);
    expect(upstream.calls).toEqual(["1.1", "1.2", "2.1"]);
  });

  it.each([
    ["part of the head", ANSWER.subarray(0, 30)],
    ["one byte", ANSWER.subarray(0, 1)],
    ["an interim response", Buffer.from("HTTP/1.1 100 Continue\r\n\r\n")],
    ["part of the body", ANSWER.subarray(0, ANSWER.length - 1)],
  ])("is not replaced after %s", async (_, bytes) => {
    const { upstream, ask } = await useRawGateway(({ socket, request }) => {
      if (request === 1) socket.write(ANSWER);
      else socket.end(bytes);
    });

    expect([await ask(), await ask()]).toEqual(["found nothing", "UPSTREAM_UNAVAILABLE"]);
    expect(upstream.calls).toEqual(["1.1", "1.2"]);
  });

  it("is not reused after `connection: close`", async () => {
    const { upstream, ask } = await useRawGateway(({ socket }) =>
      socket.end(response(notFoundBody("closing"), { headers: "connection: close\r\n" })),
    );

    expect([await ask(), await ask(), await ask()]).toEqual(["closing", "closing", "closing"]);
    expect(upstream.calls).toEqual(["1.1", "2.1", "3.1"]);
  });

  it("is not replaced if it was new", async () => {
    const { upstream, ask } = await useRawGateway(({ socket }) => socket.end());

    expect(await ask()).toBe("UPSTREAM_UNAVAILABLE");
    expect(upstream.calls).toEqual(["1.1"]);
  });

  it("is not replaced after the timeout", async () => {
    const upstream = await useRawUpstream(
      ({ socket, request }) => void (request === 1 && socket.write(ANSWER)),
    );
    const gateway = await useGateway({
      upstream: { baseUrl: upstream.url, connections: 1, timeoutMs: 5_000 },
    });

    await queryJob(gateway);
    const { extensions } = onlyError(await queryJob(gateway));

    expect(extensions.code).toBe("UPSTREAM_TIMEOUT");
    expect(upstream.calls).toEqual(["1.1", "1.2"]);
  });
});

describe("interim responses", () => {
  const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
  const HINTS = "HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n";

  it.each([
    ["100 Continue", CONTINUE],
    ["of HTTP/1.0", CONTINUE.replace("1.1", "1.0")],
    ["with headers", "HTTP/1.1 100 Continue\r\nx-a: 1\r\nx-b: 2\r\n\r\n"],
    ["103 Early Hints", HINTS],
    ["several of them", CONTINUE + HINTS + CONTINUE],
  ])("are ignored: %s", async (_, interim) => {
    const { upstream, ask } = await useRawGateway(({ socket }) =>
      socket.write(Buffer.concat([Buffer.from(interim), ANSWER])),
    );

    expect([await ask(), await ask()]).toEqual(["found nothing", "found nothing"]);
    expect(upstream.calls).toEqual(["1.1", "1.2"]);
  });

  it("are ignored if they arrive byte by byte", async () => {
    const { ask } = await useRawGateway(async ({ socket }) => {
      socket.setNoDelay(true);
      for (const byte of Buffer.concat([Buffer.from(CONTINUE + HINTS), ANSWER])) {
        await new Promise<void>((resolve) => socket.write(Buffer.of(byte), () => setImmediate(resolve)));
      }
    });

    expect([await ask(), await ask()]).toEqual(["found nothing", "found nothing"]);
  });

  it("are not detected in bodies", async () => {
    const begin = '{"error":{"code":"NOT_FOUND","message":"';
    const rest = `HTTP/1.1 100 Continue\\r\\n\\r\\n."}}`;
    const { ask } = await useRawGateway(async ({ socket }) => {
      const head = `HTTP/1.1 404 X\r\ncontent-type: application/json\r\ncontent-length: ${begin.length + rest.length}\r\n\r\n`;
      await new Promise<void>((resolve) => socket.write(head + begin, () => setImmediate(resolve)));
      socket.write(rest);
    });

    expect(await ask()).toBe("HTTP/1.1 100 Continue\r\n\r\n.");
  });

  it.each([
    [
      "an upgrade that was not requested",
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
      "UPSTREAM_CONTRACT",
    ],
    ["an interim response without an end", CONTINUE.slice(0, -2), "UPSTREAM_UNAVAILABLE"],
  ])("do not include: %s", async (_, bytes, code) => {
    const { ask } = await useRawGateway(({ socket }) => socket.end(bytes));
    expect(await ask()).toBe(code);
  });
});

describe("a head that is too large", () => {
  const FILLER = `x-filler: ${"x".repeat(20_000)}\r\n`;
  const OVERFLOW = "of at most 16384 bytes, got more. Check which server JOB_API_URL points to.";

  it.each([
    ["of the response", response("{}", { headers: FILLER }), `Expected response headers ${OVERFLOW}`],
    [
      "of an interim response",
      Buffer.from(`HTTP/1.1 103 Early Hints\r\n${FILLER}`),
      `Expected response headers ${OVERFLOW}`,
    ],
    [
      "after the body",
      Buffer.from(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n${FILLER}\r\n`),
      `Expected trailers ${OVERFLOW}`,
    ],
  ])("%s has an error message of its own", async (_, bytes, expected) => {
    const { gateway } = await useRawGateway(({ socket }) => socket.write(bytes));

    const { message, extensions } = onlyError(await queryJob(gateway));

    expect(extensions.code).toBe("UPSTREAM_CONTRACT");
    expect(message).toBe(expected);
  });
});
