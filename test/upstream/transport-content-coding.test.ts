/** Compressed responses are decoded within the body limit; unknown codings are rejected by name. */
import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { describe, expect, it } from "vitest";
import { onlyError, queryJob } from "../support/ask.ts";
import { useGateway } from "../support/gateway.ts";
import { changedJobResponse } from "../support/job-payload.ts";
import { notFoundBody, response, useRawUpstream } from "../support/raw-upstream.ts";

const MIB = 2 ** 20;

const coded = (body: Buffer | string, coding: string, status = 404) =>
  response(body, { status, headers: `content-encoding: ${coding}\r\n` });

/** A gateway over an upstream that answers everything with `bytes`, in chunks if there are several. */
async function useAnswer(bytes: Buffer | readonly Buffer[], maxBodyBytes = MIB) {
  const upstream = await useRawUpstream(async ({ socket }) => {
    for (const chunk of Buffer.isBuffer(bytes) ? [bytes] : bytes) {
      await new Promise<void>((resolve) => socket.write(chunk, () => setImmediate(resolve)));
    }
  });
  return useGateway({ upstream: { baseUrl: upstream.url, maxBodyBytes } });
}

const CODINGS: readonly [string, (body: string) => Buffer][] = [
  ["gzip", gzipSync],
  ["x-gzip", gzipSync],
  ["GZIP", gzipSync],
  ["deflate", deflateSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
];

describe("a content coding", () => {
  const JOB = JSON.stringify(changedJobResponse({ job: { name: "作业".repeat(20_000) } }).body);

  it("is offered in Accept-Encoding", async () => {
    const gateway = await useGateway();
    await queryJob(gateway);
    expect(gateway.simulator.requests[0]?.headers["accept-encoding"]).toBe("gzip, deflate, br, zstd");
  });

  it.each(CODINGS)("%s is decoded", async (coding, encode) => {
    const gateway = await useAnswer(coded(encode(JOB), coding, 200));
    const { data } = await queryJob(gateway);
    expect(data.jobInstance.name).toBe("作业".repeat(20_000));
  });

  it.each(CODINGS)("%s is decoded in error responses", async (coding, encode) => {
    const gateway = await useAnswer(coded(encode(notFoundBody("coded")), coding));
    expect((await queryJob(gateway)).data.jobInstance.message).toBe("coded");
  });

  it("deflate is decoded without the zlib header, as many servers send it", async () => {
    const gateway = await useAnswer(coded(deflateRawSync(notFoundBody("raw")), "deflate"));
    expect((await queryJob(gateway)).data.jobInstance.message).toBe("raw");
  });

  it("identity is not decoded", async () => {
    const gateway = await useAnswer(coded(notFoundBody("plain"), "identity"));
    expect((await queryJob(gateway)).data.jobInstance.message).toBe("plain");
  });

  it.each(CODINGS)("%s is decoded from single bytes in chunks", async (coding, encode) => {
    const bytes = [...encode(notFoundBody("chunked"))].map((byte) =>
      Buffer.concat([Buffer.from("1\r\n"), Buffer.of(byte), Buffer.from("\r\n")]),
    );
    const head = `HTTP/1.1 404 X\r\ncontent-encoding: ${coding}\r\ntransfer-encoding: chunked\r\n\r\n`;
    const gateway = await useAnswer([Buffer.from(head), ...bytes, Buffer.from("0\r\n\r\n")]);
    expect((await queryJob(gateway)).data.jobInstance.message).toBe("chunked");
  });

  it("is ignored for an empty body", async () => {
    const gateway = await useAnswer(coded("", "gzip", 401));
    expect(onlyError(await queryJob(gateway)).extensions.code).toBe("UNAUTHENTICATED");
  });
});

describe("a body that cannot be decoded", () => {
  it.each([
    ["compress", '"compress"'],
    ["gzip, br", '"gzip, br"'],
    ["constructor", '"constructor"'],
    ["br\r\ncontent-encoding: gzip", '"br,gzip"'],
    ["x".repeat(100), "a string of 100 characters"],
  ])("has its coding in the error message: %s", async (coding, shown) => {
    const gateway = await useAnswer(coded("x", coding, 200));
    const { message, extensions } = onlyError(await queryJob(gateway));
    expect(extensions).toMatchObject({ code: "UPSTREAM_CONTRACT", upstream: { httpStatus: 200 } });
    expect(message).toBe(`Expected a content coding of gzip, deflate, br, zstd or none, got ${shown}.`);
  });

  it("does not show a secret as its coding", async () => {
    const gateway = await useAnswer(coded("x", "secret-token"));
    const credentials = { "x-bkapi-authorization": '{"access_token":"secret-token"}' };
    const { message } = onlyError(await queryJob(gateway, "100", credentials));
    expect(message).toContain('got "***"');
  });

  const body = notFoundBody("m".repeat(1_000));
  const broken = CODINGS.flatMap(([coding, encode]) => {
    const bytes = encode(body);
    const flipped = Buffer.from(bytes);
    flipped.fill(0xff, bytes.length >> 1);
    return [
      [coding, "cut off", bytes.subarray(0, -3)],
      [coding, "corrupted", flipped],
      [coding, "not encoded", Buffer.from(body)],
    ] as const;
  });

  it.each(broken)("is rejected for %s that is %s", async (coding, _, bytes) => {
    const gateway = await useAnswer(coded(bytes, coding));
    const { message, extensions } = onlyError(await queryJob(gateway));
    expect(extensions).toMatchObject({ code: "UPSTREAM_CONTRACT", upstream: { httpStatus: 404 } });
    expect(message).toBe(`Expected a body with the content coding ${coding.toLowerCase()}, got other bytes.`);
  });
});

describe("the body limit", () => {
  it.each(CODINGS)("applies to the decoded size of %s", async (coding, encode) => {
    const fits = await useAnswer(coded(encode(notFoundBody("m").padEnd(10_000)), coding), 10_000);
    const beyond = await useAnswer(coded(encode(notFoundBody("m").padEnd(10_001)), coding), 10_000);

    expect((await queryJob(fits)).data.jobInstance.message).toBe("m");
    const { message, extensions } = onlyError(await queryJob(beyond));
    expect(extensions).toMatchObject({ code: "UPSTREAM_CONTRACT", upstream: { httpStatus: 404 } });
    expect(message).toContain("The response body exceeds the maximum of 10000 bytes.");
  });

  const BOMB = Buffer.alloc(64 * MIB, "0");
  const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };

  it.each<[string, Buffer]>([
    ["gzip", gzipSync(BOMB)],
    ["deflate", deflateSync(BOMB)],
    ["br", brotliCompressSync(BOMB, quick)],
    ["zstd", zstdCompressSync(BOMB)],
  ])("stops a decompression bomb in %s before its end", async (coding, bomb) => {
    // The second half never arrives.
    const bytes = coded(bomb, coding, 200);
    const gateway = await useAnswer(bytes.subarray(0, bytes.length >> 1), MIB);
    const before = process.memoryUsage().arrayBuffers;

    const { message } = onlyError(await queryJob(gateway));

    expect(message).toContain("The response body exceeds the maximum of 1048576 bytes.");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MIB);
  });
});
