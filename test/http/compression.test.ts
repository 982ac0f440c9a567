/** Compressed responses as clients see them. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { buffer } from "node:stream/consumers";
import { brotliDecompressSync, createGzip, gunzipSync, zstdDecompressSync } from "node:zlib";
import Fastify from "fastify";
import { expect, it, onTestFinished } from "vitest";
import { ENCODINGS, type Encoding } from "../../src/http/compression.ts";
import { sendEncoded, sendLarge } from "../../src/http/streamed-response.ts";
import { bulkJobId } from "../../src/simulator/bulk-jobs.ts";
import { AUTHORIZATION, jobQuery, jobSubscription, onJob, postOperation } from "../support/ask.ts";
import { type TestGatewayOptions, useGateway } from "../support/gateway.ts";

const useCompression = (
  encodings: readonly Encoding[] = ENCODINGS,
  config: TestGatewayOptions["config"] = {},
) => useGateway({ config: { compression: { encodings }, ...config } });

const CREDENTIALS = { "x-bkapi-authorization": AUTHORIZATION };

const hostsQuery = (count: number) =>
  jobQuery(bulkJobId(10_000), onJob(`steps { hostResults(first: ${count}) { nodes { id ip status tag } } }`));

/** About 2 kB, which are sent at once, and about 900 kB, which are written in chunks. */
const SMALL = hostsQuery(20);
const LARGE = hostsQuery(10_000);

/** The response as it was transferred. */
async function readRaw(url: string, query: string, headers: Record<string, string>) {
  const sent = request(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...CREDENTIALS, ...headers },
  });
  sent.end(JSON.stringify({ query }));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return { headers: response.headers, body: await buffer(response) };
}

const DECODERS: Readonly<Record<Encoding, (body: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

it.each(
  ENCODINGS.flatMap((encoding) => [
    [encoding, "a small", SMALL],
    [encoding, "a large", LARGE],
  ]) as [Encoding, string, string][],
)("%s compresses %s response without changing it", async (encoding, _size, query) => {
  const { url } = await useCompression();
  const plain = await readRaw(url, query, {});
  const compressed = await readRaw(url, query, { "accept-encoding": encoding });

  expect(compressed.headers).toMatchObject({ "content-encoding": encoding, vary: "accept-encoding" });
  expect(compressed.headers["content-type"]).toBe(plain.headers["content-type"]);
  expect(DECODERS[encoding](compressed.body).equals(plain.body)).toBe(true);
  expect(compressed.body.length).toBeLessThan(plain.body.length / 2);
  const { "content-length": length = compressed.body.length } = compressed.headers;
  expect(Number(length)).toBe(compressed.body.length);
});

it("fetch decodes compressed responses to POST and GET", async () => {
  const { url } = await useCompression(["br", "gzip"]);
  const search = new URLSearchParams({ query: LARGE });
  for (const response of [
    await postOperation(url, { query: LARGE }, { ...CREDENTIALS, "accept-encoding": "gzip" }),
    await postOperation(url, { query: LARGE }, { ...CREDENTIALS, "accept-encoding": "br" }),
    await fetch(`${url}?${search}`, { headers: { ...CREDENTIALS, "apollo-require-preflight": "true" } }),
  ]) {
    expect(response.headers.get("content-encoding")).toMatch(/^(gzip|br)$/);
    const { data } = (await response.json()) as { data: { jobInstance: { steps: [never] } } };
    expect(data.jobInstance.steps[0]).toMatchObject({ hostResults: { nodes: { length: 10_000 } } });
  }
});

it.each([
  ["gzip, deflate, br, zstd", "zstd"],
  ["gzip, deflate, br", "br"],
  ["gzip, deflate", "gzip"],
  ["zstd;q=0.5, gzip", "gzip"],
  ["zstd;q=0, *", "br"],
  ["GZIP", "gzip"],
  ["deflate", undefined],
  ["identity", undefined],
  ["gzip;q=0", undefined],
  ["", undefined],
])("chooses for Accept-Encoding: %s", async (accepted, expected) => {
  const { url } = await useCompression();
  const { headers } = await readRaw(url, SMALL, { "accept-encoding": accepted });
  expect([headers["content-encoding"], headers.vary]).toEqual([expected, "accept-encoding"]);
});

it("uses only the configured encodings, in their order", async () => {
  const { url } = await useCompression(["gzip", "br"]);
  const { headers } = await readRaw(url, SMALL, { "accept-encoding": "zstd, br, gzip" });
  expect(headers["content-encoding"]).toBe("gzip");
});

it("does not compress small responses, and adds to the Vary header of CORS", async () => {
  const origin = "https://ops.example.com";
  const { url } = await useCompression(ENCODINGS, { allowedOrigins: [origin] });
  const accepted = { "accept-encoding": "gzip", origin };
  const tiny = await readRaw(url, "{ __typename }", accepted);
  expect([tiny.headers["content-encoding"], String(tiny.body)]).toEqual([
    undefined,
    '{"data":{"__typename":"Query"}}',
  ]);
  for (const query of [SMALL, LARGE]) {
    const { headers } = await readRaw(url, query, accepted);
    expect(headers.vary?.toLowerCase()).toBe("origin, accept-encoding");
  }
});

it("changes nothing for clients that do not send Accept-Encoding", async () => {
  const plain = await useGateway();
  const compressing = await useCompression();
  for (const query of [SMALL, LARGE]) {
    const [expected, actual] = await Promise.all(
      [plain, compressing].map(async ({ url }) => readRaw(url, query, { "x-request-id": "same" })),
    );
    const { date: _date, ...headers } = expected?.headers ?? {};
    expect(actual?.headers).toMatchObject(headers);
    expect(Object.keys(actual?.headers ?? {})).toEqual(Object.keys(expected?.headers ?? {}));
    expect(actual?.body.equals(expected?.body ?? Buffer.of())).toBe(true);
  }
});

it("is off by default", async () => {
  const { url } = await useGateway();
  const { headers } = await readRaw(url, SMALL, { "accept-encoding": "gzip" });
  expect([headers["content-encoding"], headers.vary]).toEqual([undefined, undefined]);
});

it.each([
  ["server-sent events", "/stream", "text/event-stream"],
  ["multipart", "", "multipart/mixed;subscriptionSpec=1.0, application/json"],
])("does not compress %s", async (_what, path, accept) => {
  const { url } = await useCompression();
  const query = jobSubscription("20000000001", onJob(`name ${"steps { name } ".repeat(20)}`));
  const { headers, body } = await readRaw(url + path, query, { accept, "accept-encoding": "gzip, zstd" });
  expect(headers["content-encoding"]).toBeUndefined();
  expect(String(body)).toContain('"jobInstanceUpdated"');
});

it("compresses responses with errors", async () => {
  const { url } = await useCompression();
  const query = `{ ${Array.from({ length: 50 }, (_, n) => `nothing${n}`).join(" ")} }`;
  const response = await postOperation(url, { query }, { ...CREDENTIALS, "accept-encoding": "gzip" });
  expect([response.status, response.headers.get("content-encoding")]).toEqual([400, "gzip"]);
  expect(await response.json()).toHaveProperty("errors.length", 50);
});

it("stops for a client that disconnects, and continues to serve", async () => {
  const { url, logs } = await useCompression();
  const pages = Array.from(
    { length: 30 },
    (_, n) => `p${n}: hostResults(first: 10000) { nodes { id ip agentId startedAt finishedAt } }`,
  );
  const query = jobQuery(bulkJobId(10_000), onJob(`steps { ${pages.join(" ")} }`));
  const sent = request(url, {
    method: "POST",
    headers: { "content-type": "application/json", "accept-encoding": "gzip", ...CREDENTIALS },
  });
  sent.end(JSON.stringify({ query }));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  await once(response, "readable");
  response.destroy();
  await expect.poll(() => logs.filter(({ aborted }) => aborted === true)).toHaveLength(1);

  const [plain, compressed] = await Promise.all([
    readRaw(url, LARGE, {}),
    readRaw(url, LARGE, { "accept-encoding": "gzip" }),
  ]);
  expect(gunzipSync(compressed.body).equals(plain.body)).toBe(true);
  expect(logs.filter(({ level }) => Number(level) > 30)).toEqual([]);
});

it("compresses no faster than the client reads", async () => {
  // Random bytes cannot be compressed.
  const body = randomBytes(64 * 2 ** 20);
  const encoder = createGzip({ level: 1 });
  const app = Fastify();
  onTestFinished(() => app.close());
  app.get("/", async (_request, reply) => {
    await sendEncoded(reply, 200, { "content-encoding": "gzip" }, body, encoder);
    return reply;
  });
  const sent = request(await app.listen({ port: 0 }));
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  // Until the encoder has stopped.
  let last = 0;
  const hasStopped = () => {
    const before = last;
    last = encoder.bytesWritten;
    return last > 2 ** 18 && last === before;
  };
  await expect.poll(hasStopped, { interval: 100 }).toBe(true);
  expect(encoder.bytesWritten).toBeLessThan(body.length / 2);

  expect(gunzipSync(await buffer(response)).equals(body)).toBe(true);
});

it.each(["encoded", "large"])(
  "stops the %s response to a pipelined request whose client has left",
  async (kind) => {
    const app = Fastify();
    onTestFinished(() => app.close());
    const settled: string[] = [];
    const encoder = createGzip({ level: 1 });
    app.get("/first", async (_request, reply) => reply.hijack());
    app.get("/second", async (_request, reply) => {
      const body = Buffer.alloc(2 ** 20);
      const response =
        kind === "large"
          ? sendLarge(reply, 200, "text/plain", body)
          : sendEncoded(reply, 200, {}, body, encoder);
      settled.push("started");
      await response;
      settled.push("settled");
      return reply;
    });
    const socket = connect(Number(new URL(await app.listen({ port: 0 })).port));
    const requestOf = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;
    socket.write(requestOf("/first") + requestOf("/second"));
    await expect.poll(() => settled).toEqual(["started"]);
    socket.destroy();
    await expect.poll(() => settled).toEqual(["started", "settled"]);
    expect(encoder.destroyed).toBe(kind === "encoded");
  },
);
