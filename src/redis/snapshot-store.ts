/**
 * Snapshots in Redis. An entry is the start of its upstream call (16 digits, microseconds, the earliest time by the clock of
 * Redis), followed by the sealed and compressed response:
 *
 *     1764133200123456 | iv | tag | AES-256-GCM( zstd( {"latestStart":…} \n {"code":0,"data":…} ) )
 *
 * Redis itself replaces an entry only by one whose call started later. An entry of only a start is a
 * tombstone: a newer call had a result that is not shared, so that older entries are not used.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";
import pLimit from "p-limit";
import type { Redis } from "./redis.ts";
import { createSealing, type Sealing } from "./sealing.ts";

export interface SnapshotStoreOptions {
  /** The secret that instances share. */
  readonly secret: string;
  /** The beginning of the names of entries. */
  readonly prefix: string;
  /** Distinguishes gateways with different upstreams in one Redis. */
  readonly namespace: string;
  /** Maximum size of a compressed response in bytes. Larger ones are not shared. */
  readonly maxBytes: number;
  /** Maximum size of a response in bytes. */
  readonly maxBodyBytes: number;
  /** How long a tombstone prevents older entries, in milliseconds. */
  readonly maxAgeMs: number;
  /** How long a read may wait for others, in milliseconds. */
  readonly timeoutMs: number;
}

/** A response with what is known about it. Times are by `performance.now()`. */
export interface StoredResponse {
  readonly body: Buffer;
  /** When its call started, at the earliest and at the latest. */
  readonly earliestStart: number;
  readonly latestStart: number;
  /** When it was received, at the earliest. */
  readonly receivedAt: number;
  /** Facts about the response, as JSON. */
  readonly info: unknown;
}

/** A response of this instance. */
export interface NewResponse {
  readonly startedAt: number;
  /** Null if the result of the call is not shared. */
  readonly content: {
    readonly body: Buffer;
    readonly receivedAt: number;
    readonly info: unknown;
    /** How long it may be used, in milliseconds. */
    readonly maxAgeMs: number;
  } | null;
}

export interface SnapshotStore {
  /** Never throws: without an entry that can be read, there is none. */
  readonly get: (key: string) => Promise<StoredResponse | null>;
  /** Stores a response, unless Redis has one of a later call. Never throws: it may fail. */
  readonly set: (key: string, response: NewResponse) => Promise<void>;
  /** The name of an entry in Redis. */
  readonly nameOf: (key: string) => string;
}

/** What an entry contains beside the body. Times are by the clock of Redis. */
interface EntryHead {
  readonly latestStart: number;
  readonly receivedAt: number;
  readonly info: unknown;
}

export const START_DIGITS = 16;
/** @param start by the clock of Redis, in milliseconds. @returns digits whose alphabetical order is that of the times */
export const startDigitsOf = (start: number): string =>
  String(Math.floor(start * 1_000)).padStart(START_DIGITS, "0");
/** Upper limit of an entry beside its compressed body: start, seal, and head. */
const MAX_HEAD_BYTES = 1_024;
/** Bounds the memory of responses that are waiting to be stored. */
const MAX_PENDING_BYTES = 32 * 2 ** 20;

/** Bounds the memory of responses that are read at the same time, and how long their replies delay other ones. */
const MAX_RUNNING_READS = 4;
const MAX_WAITING_READS = 200;
/** Decoding a larger body takes milliseconds. Other requests go first. */
const LARGE_BODY_BYTES = 256 * 1024;

const SET_IF_NEWER = `
if redis.call('GETRANGE', KEYS[1], 0, ${START_DIGITS - 1}) >= string.sub(ARGV[1], 1, ${START_DIGITS}) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

const compressEntry = promisify(zstdCompress);
const decompressEntry = promisify(zstdDecompress);
/** Lowest level: compression runs after the response but uses the same CPUs. */
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export function createSnapshotStore(redis: Redis, options: SnapshotStoreOptions): SnapshotStore {
  const { secret, prefix, namespace, timeoutMs } = options;
  const sealing = createSealing(secret);
  const nameOf = (key: string) => `bk-job-graphql:${prefix}:${sealing.nameOf(`${namespace} ${key}`)}`;
  const read = createReader(redis, sealing, options);
  const write = createWriter(redis, sealing, options);
  const reads = pLimit(MAX_RUNNING_READS);
  let pendingBytes = 0;

  const get: SnapshotStore["get"] = async (key) => {
    const askedAt = performance.now();
    const skip = () => {
      redis.skip("read");
      return null;
    };
    if (reads.pendingCount >= MAX_WAITING_READS) return skip();
    return await reads(() => (performance.now() - askedAt > timeoutMs ? skip() : read(nameOf(key)))).catch(
      () => null,
    );
  };

  const set: SnapshotStore["set"] = async (key, response) => {
    if (!redis.isUp()) return;
    const bytes = response.content?.body.length ?? 0;
    const isTooMuch = pendingBytes + bytes > MAX_PENDING_BYTES;
    const stored = isTooMuch ? { ...response, content: null } : response;
    const held = isTooMuch ? 0 : bytes;
    pendingBytes += held;
    // Requests that are already waiting come first.
    await nextTurn();
    await write(nameOf(key), stored).catch(() => {});
    pendingBytes -= held;
  };

  return { get, set, nameOf };
}

/** @returns a function that reads an entry, null if there is none that can be used. It throws if an entry is malformed. */
function createReader(
  { send, clock }: Redis,
  sealing: Sealing,
  { maxBytes, maxBodyBytes }: SnapshotStoreOptions,
) {
  const maxEntryBytes = maxBytes + MAX_HEAD_BYTES;
  return async (name: string): Promise<StoredResponse | null> => {
    const entry = await send("read", ["GETRANGE", name, "0", String(maxEntryBytes)], maxEntryBytes);
    if (!Buffer.isBuffer(entry) || entry.length <= START_DIGITS) return null;
    const startDigits = entry.toString("latin1", 0, START_DIGITS);
    const compressed = sealing.open(name, startDigits, entry.subarray(START_DIGITS));
    if (!compressed) return null;
    const content = await decompressEntry(compressed, { maxOutputLength: maxBodyBytes + MAX_HEAD_BYTES });
    const headEnd = content.indexOf("\n");
    // Only instances with the secret can have written this.
    const head = JSON.parse(content.toString("utf8", 0, headEnd)) as EntryHead;
    const start = clock.toLocal({ earliest: Number(startDigits) / 1_000, latest: head.latestStart });
    const received = clock.toLocal({ earliest: head.receivedAt, latest: head.receivedAt });
    if (!start || !received) return null;
    if (content.length > LARGE_BODY_BYTES) await nextTurn();
    return {
      body: content.subarray(headEnd + 1),
      earliestStart: start.earliest,
      latestStart: start.latest,
      receivedAt: received.earliest,
      info: head.info,
    };
  };
}

/** @returns a function that writes an entry: the response, or a tombstone if it is not shared or too large. */
function createWriter(
  { send, clock }: Redis,
  sealing: Sealing,
  { maxBytes, maxAgeMs }: SnapshotStoreOptions,
) {
  const put = (name: string, entry: Buffer | string, ttlMs: number) =>
    send("write", ["EVAL", SET_IF_NEWER, "1", name, entry, String(Math.ceil(ttlMs))]);

  return async (name: string, { startedAt, content }: NewResponse): Promise<void> => {
    const start = clock.toRedis(startedAt);
    if (!start) return;
    const startDigits = startDigitsOf(start.earliest);
    const received = content && clock.toRedis(content.receivedAt);
    const ttlMs = content ? content.maxAgeMs - (performance.now() - content.receivedAt) : 0;
    if (content && received && ttlMs > 0) {
      const { info } = content;
      const head: EntryHead = { latestStart: start.latest, receivedAt: received.earliest, info };
      const whole = Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), content.body]);
      const compressed = await compressEntry(whole, FAST);
      if (compressed.length <= maxBytes) {
        const sealed = sealing.seal(name, startDigits, compressed);
        await put(name, Buffer.concat([Buffer.from(startDigits), sealed]), ttlMs);
        return;
      }
    }
    await put(name, startDigits, maxAgeMs);
  };
}
