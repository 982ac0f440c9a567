/** Memory of a body, depending on its announced and its actual length. */
import { expect, it } from "vitest";
import { createResponseBody } from "../../src/upstream/response-body.ts";
import { toHead } from "../../src/upstream/transport-error.ts";

const KIB = 2 ** 10;
const MIB = 2 ** 20;

/** Collects `chunks` under a `content-length` of `length`; none for null. */
function collect(length: number | null, chunks: readonly Buffer[]): Buffer {
  let collected: Buffer | null = null;
  const body = createResponseBody({
    head: toHead(200, length === null ? {} : { "content-length": String(length) }),
    contentEncoding: "",
    maxBytes: 64 * MIB,
    onBody: (bytes) => {
      collected = bytes;
    },
    onFailure: (failure) => {
      throw failure;
    },
  });
  for (const chunk of chunks) body?.write(chunk);
  body?.end();
  if (collected === null) throw new Error("Expected a body, got none.");
  return collected;
}

const random = (length: number) =>
  Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 7 + at / 251) & 0xff));

const split = (bytes: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );

it.each([0, 1, 100, 64 * KIB, MIB, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 9 * MIB, 33 * MIB])(
  "collects %i bytes",
  (length) => {
    const bytes = random(length);
    for (const size of [10_007, 64 * KIB, length + 1]) {
      const chunks = split(bytes, size);
      expect(collect(length, chunks).equals(bytes)).toBe(true);
      expect(collect(null, chunks).equals(bytes)).toBe(true);
    }
  },
);

it("does not copy a body that arrives in one chunk", () => {
  const bytes = random(1_000);
  expect(collect(1_000, [bytes]).buffer).toBe(bytes.buffer);
});

it("allocates one buffer for a body that arrives in several chunks", () => {
  const body = collect(5 * MIB, split(random(5 * MIB), 64 * KIB));
  expect(body.buffer.byteLength).toBe(5 * MIB);
});

it.each([
  ["nothing", 0, 0],
  ["a little", 1_000, 4 * MIB],
  ["4 MiB", 4 * MIB, 4 * MIB],
  ["slightly more than 4 MiB", 4 * MIB + 1, 32 * MIB],
  ["32 MiB", 32 * MIB, 32 * MIB],
])(
  "allocates no more than is probably needed if 64 MiB are announced and %s arrives",
  (_, length, expected) => {
    const body = collect(64 * MIB, split(random(length), 64 * KIB));
    expect(body.length).toBe(length);
    expect(body.buffer.byteLength).toBe(expected);
  },
);
