/**
 * The connection to Redis (or Valkey), which instances of the gateway share. The gateway never depends on it: a command
 * that fails, or takes longer than the time limit, has no result, and while Redis does not answer, commands are skipped
 * at once instead of being queued. A connection on which a command has timed out, and no other one was answered in time
 * meanwhile, is not used again, because its next reply would come late, too; a new one is used only once it has answered.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createClient, ErrorReply, RESP_TYPES } from "@redis/client";
import { reasonOf } from "./failure-reason.ts";
import { createRedisClock, type RedisClock } from "./redis-clock.ts";

export interface RedisOptions {
  /** `redis://` or `rediss://`, with credentials if any. */
  readonly url: string;
  /** Time limit of a command in milliseconds. */
  readonly timeoutMs: number;
}

/** Commands that read and commands that write fail independently: Redis without memory or a replica rejects only writes. */
export type RedisCommand = "read" | "write";

/** `skipped`: not sent, because Redis is unavailable, has just rejected such a command, or has too many open commands. */
export type RedisOutcome = "ok" | "error" | "timeout" | "skipped";

/** Called for each command. `durationMs` is 0 for a skipped one. */
export type ObserveRedis = (command: RedisCommand, outcome: RedisOutcome, durationMs: number) => void;

type Argument = string | Buffer;

export interface Redis {
  /**
   * Sends a command. It never throws.
   * @param maxReplyBytes the maximum size of the reply, which is reserved until the reply is there
   * @returns the reply, or null if there is none for any reason
   */
  readonly send: (
    command: RedisCommand,
    args: readonly Argument[],
    maxReplyBytes?: number,
  ) => Promise<unknown>;
  /** Counts a command that the caller has skipped by itself. */
  readonly skip: (command: RedisCommand) => void;
  readonly clock: RedisClock;
  /** Whether Redis has answered the last check or command. */
  readonly isUp: () => boolean;
  readonly close: () => Promise<void>;
}

export interface RedisLogger {
  readonly info: (text: string) => void;
  readonly warn: (text: string) => void;
}

/** Bounds the memory of commands that wait for a reply, and of the replies. Further commands are skipped. */
const MAX_OPEN_COMMANDS = 1_000;
const MAX_OPEN_BYTES = 32 * 2 ** 20;
/** Larger replies count as this, so that some can be read at the same time. */
const MAX_RESERVED_BYTES = MAX_OPEN_BYTES / 8;

/** How often an idle connection is checked. */
const CHECK_INTERVAL_MS = 1_000;
/** Time limit of a new connection, which needs several round trips. */
const MIN_CONNECT_MS = 2_000;
const MIN_RECONNECT_DELAY_MS = 50;
const MAX_RECONNECT_DELAY_MS = 1_000;
/** How long commands of a kind are skipped after Redis has rejected one. */
const REJECTED_PAUSE_MS = 1_000;

const createConnection = (url: string, connectTimeout: number) =>
  createClient({
    url,
    // Every version and every proxy understands it.
    RESP: 2,
    disableOfflineQueue: true,
    maintNotifications: "disabled",
    // This file has its own, which include the time until the reply.
    commandOptions: { timeout: 0, typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
    // `keepConnected` reconnects, because the library waits without a limit for the first replies of a connection.
    socket: { connectTimeout, reconnectStrategy: false },
  });

type Connection = ReturnType<typeof createConnection>;

/** A connection that has answered, until `end` is called. */
interface Session {
  readonly connection: Connection;
  readonly end: (reason: unknown) => void;
  /** When a command was last answered in time, by `performance.now()`. */
  answeredAt: number;
}

export interface RedisConnectionOptions extends RedisOptions {
  /** How long stored times are used, in milliseconds. */
  readonly maxStoredMs: number;
}

/** Connects in the background. @param onCommand observes commands; null to observe none. */
export function createRedis(
  { url, timeoutMs, maxStoredMs }: RedisConnectionOptions,
  logger: RedisLogger,
  onCommand: ObserveRedis | null = null,
): Redis {
  let session: Session | null = null;
  let openCommands = 0;
  let openBytes = 0;
  const clock = createRedisClock(maxStoredMs);
  const log = createStateLog(logger);
  const rejectedUntil: Record<RedisCommand, number> = { read: 0, write: 0 };
  const closing = new AbortController();

  const skip: Redis["skip"] = (command) => onCommand?.(command, "skipped", 0);

  const send: Redis["send"] = async (command, args, maxReplyBytes = 0) => {
    const reserved = Math.min(maxReplyBytes, MAX_RESERVED_BYTES);
    const bytes = args.reduce((sum, { length }) => sum + length, reserved);
    const used = session;
    const startedAt = performance.now();
    const isFull = openCommands >= MAX_OPEN_COMMANDS || openBytes + bytes > MAX_OPEN_BYTES;
    if (!used || isFull || startedAt < rejectedUntil[command]) {
      skip(command);
      return null;
    }
    openCommands += 1;
    openBytes += bytes;
    const release = () => {
      openCommands -= 1;
      openBytes -= bytes;
    };
    let outcome: RedisOutcome = "ok";
    try {
      const replied = used.connection.sendCommand(args);
      // Not at the time limit, because a late reply still takes memory.
      replied.then(release, release);
      const reply = await withTimeLimit(replied, timeoutMs);
      used.answeredAt = performance.now();
      if (rejectedUntil[command] > 0) {
        rejectedUntil[command] = 0;
        log(`${command}s`, null);
      }
      return reply;
    } catch (error) {
      outcome = error instanceof TimeLimitExceeded ? "timeout" : "error";
      if (error instanceof TimeLimitExceeded) endIfSilent(used, startedAt, error);
      else if (error instanceof ErrorReply) {
        used.answeredAt = performance.now();
        rejectedUntil[command] = used.answeredAt + REJECTED_PAUSE_MS;
        log(`${command}s`, reasonOf(error));
      }
      return null;
    } finally {
      onCommand?.(command, outcome, performance.now() - startedAt);
    }
  };

  /** Connects, and uses the connection while it answers. @returns why it no longer does */
  const useConnection = async (): Promise<unknown> => {
    const connectMs = Math.max(MIN_CONNECT_MS, timeoutMs);
    let connection: Connection | null = null;
    const { promise: ended, resolve } = Promise.withResolvers<unknown>();
    const end: Session["end"] = (reason) => {
      if (session?.end === end) session = null;
      resolve(reason);
    };
    const check = async (connection: Connection) => {
      const sentAt = performance.now();
      const reply = await withTimeLimit(connection.sendCommand(["TIME"]), timeoutMs);
      clock.add({ sentAt, receivedAt: performance.now(), time: timeOf(reply) });
    };
    const onClosing = () => end(closing.signal.reason);
    closing.signal.addEventListener("abort", onClosing);
    let checks: NodeJS.Timeout | undefined;
    try {
      closing.signal.throwIfAborted();
      const opened = createConnection(url, connectMs);
      connection = opened;
      opened.on("error", end);
      const failed = ended.then((reason) => Promise.reject(reason));
      await withTimeLimit(Promise.race([opened.connect(), failed]), connectMs);
      await Promise.race([check(opened), failed]);
      const opening: Session = { connection: opened, end, answeredAt: performance.now() };
      session = opening;
      log("connection", null);
      const checkAgain = () => {
        const startedAt = performance.now();
        check(opened).catch((error: unknown) => endIfSilent(opening, startedAt, error));
      };
      checks = setInterval(checkAgain, CHECK_INTERVAL_MS).unref();
      return await ended;
    } catch (error) {
      return error;
    } finally {
      clearInterval(checks);
      end(null);
      closing.signal.removeEventListener("abort", onClosing);
      connection?.destroy();
    }
  };

  const keepConnected = async () => {
    let delayMs = MIN_RECONNECT_DELAY_MS;
    while (!closing.signal.aborted) {
      const startedAt = performance.now();
      const reason = await useConnection();
      if (closing.signal.aborted) return;
      log("connection", reasonOf(reason));
      if (performance.now() - startedAt > MAX_RECONNECT_DELAY_MS) delayMs = MIN_RECONNECT_DELAY_MS;
      // Random, so that instances do not reconnect at the same time.
      const waitMs = delayMs * (0.5 + Math.random() / 2);
      await sleep(waitMs, undefined, { signal: closing.signal, ref: false }).catch(() => {});
      delayMs = Math.min(MAX_RECONNECT_DELAY_MS, delayMs * 2);
    }
  };

  const connected = keepConnected();
  const close = async () => {
    closing.abort();
    await connected;
  };
  return { send, skip, clock, isUp: () => session !== null, close };
}

/** Large replies delay those behind them: a session ends only if Redis has answered nothing in time meanwhile. */
function endIfSilent(session: Session, startedAt: number, error: unknown): void {
  const isDelayed = error instanceof TimeLimitExceeded && session.answeredAt >= startedAt;
  if (!isDelayed) session.end(error);
}

/** The reply to `TIME`, seconds and microseconds, in milliseconds. @throws if it is another one */
function timeOf(reply: unknown): number {
  const [seconds, microseconds] = Array.isArray(reply) ? reply.map((part) => Number(String(part))) : [];
  const time = (seconds ?? Number.NaN) * 1_000 + (microseconds ?? Number.NaN) / 1_000;
  if (Number.isNaN(time)) throw new Error("Expected the time of Redis, got another reply.");
  return time;
}

class TimeLimitExceeded extends Error {
  override readonly name = "TimeLimitExceeded";
}

/** @throws TimeLimitExceeded if `promise` takes longer than `ms`. */
async function withTimeLimit<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    // After a blocked event loop, timers run first, although the reply may have arrived: read it before giving up.
    timer = setTimeout(() => setImmediate(() => reject(new TimeLimitExceeded())), ms);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

type LoggedPart = "connection" | `${RedisCommand}s`;

/** Logs each change once. The reason is null if the part works. */
function createStateLog(logger: RedisLogger): (part: LoggedPart, reason: string | null) => void {
  const working: Record<LoggedPart, boolean | null> = { connection: null, reads: true, writes: true };
  return (part, reason) => {
    const isWorking = reason === null;
    if (working[part] === isWorking) return;
    working[part] = isWorking;
    if (part === "connection") {
      if (isWorking) logger.info("Redis is available.");
      else logger.warn(`Redis is unavailable (${reason}). This instance works alone until Redis answers.`);
    } else if (isWorking) logger.info(`Redis accepts ${part} again.`);
    else logger.warn(`Redis rejects ${part} (${reason}). This instance works without them until then.`);
  };
}
