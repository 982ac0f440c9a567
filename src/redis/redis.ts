/**
 * Commands to Redis (or Valkey), which instances of the gateway share. The gateway never depends on it: a command that
 * fails, or takes longer than the time limit, has no result, and while Redis does not answer, commands are skipped at once
 * instead of being queued.
 */
import { ErrorReply } from "@redis/client";
import {
  type ConnectionOptions,
  endIfSilent,
  keepConnected,
  type RedisClient,
  type Session,
  TimeLimitExceeded,
  withTimeLimit,
} from "./connection.ts";
import { failureReason } from "./failure-reason.ts";
import { createRedisClock, type RedisClock } from "./redis-clock.ts";
import { createStateLog, type LogState, type RedisLogger } from "./state-log.ts";

/**
 * Kinds of commands, which fail independently: Redis without memory or a replica rejects only writes, and claims of polls
 * and counts of operations need further permissions.
 */
export type RedisCommand = "read" | "write" | "claim" | "count";

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

export interface RedisOptions extends ConnectionOptions {
  /** How long stored times are used, in milliseconds. */
  readonly maxStoredMs: number;
}

/** Bounds the memory of commands that wait for a reply, and of the replies. Further commands are skipped. */
const MAX_OPEN_COMMANDS = 1_000;
const MAX_OPEN_BYTES = 32 * 2 ** 20;
/** Larger replies count as this, so that some can be read at the same time. */
const MAX_RESERVED_BYTES = MAX_OPEN_BYTES / 8;

/** How long commands of a kind are skipped after Redis has rejected one. */
const REJECTED_PAUSE_MS = 1_000;

/** Connects in the background. @param onCommand observes commands; null to observe none. */
export function createRedis(
  { maxStoredMs, ...options }: RedisOptions,
  logger: RedisLogger,
  onCommand: ObserveRedis | null = null,
): Redis {
  const clock = createRedisClock(maxStoredMs);
  const log = createStateLog(logger);
  const openCommands = createOpenCommands();
  const rejections = createRejections(log);
  const { session, close } = keepConnected(options, {
    check: (client) => readClock(client, clock, options.timeoutMs),
    onOpen: () => log("connection", null),
    onFailed: (reason) => log("connection", failureReason(reason)),
  });

  const skip: Redis["skip"] = (command) => onCommand?.(command, "skipped", 0);

  const send: Redis["send"] = async (command, args, maxReplyBytes = 0) => {
    const reserved = Math.min(maxReplyBytes, MAX_RESERVED_BYTES);
    const bytes = args.reduce((sum, { length }) => sum + length, reserved);
    const used = session();
    if (!used || rejections.isPaused(command) || !openCommands.hasRoomFor(bytes)) {
      skip(command);
      return null;
    }
    const startedAt = performance.now();
    let outcome: RedisOutcome = "ok";
    try {
      const replied = used.client.sendCommand(args);
      openCommands.add(bytes, replied);
      const reply = await withTimeLimit(replied, options.timeoutMs);
      used.answeredAt = performance.now();
      rejections.end(command);
      return reply;
    } catch (error) {
      outcome = error instanceof TimeLimitExceeded ? "timeout" : "error";
      if (error instanceof ErrorReply) rejections.start(command, used, error);
      else if (error instanceof TimeLimitExceeded) endIfSilent(used, startedAt, error);
      return null;
    } finally {
      onCommand?.(command, outcome, performance.now() - startedAt);
    }
  };

  return { send, skip, clock, isUp: () => session() !== null, close };
}

/** Counts the commands that wait for a reply. */
function createOpenCommands() {
  let openCommands = 0;
  let openBytes = 0;
  return {
    hasRoomFor: (bytes: number): boolean =>
      openCommands < MAX_OPEN_COMMANDS && openBytes + bytes <= MAX_OPEN_BYTES,
    /** Until there is a reply, not until the time limit, because a late reply still takes memory. */
    add: (bytes: number, replied: Promise<unknown>): void => {
      openCommands += 1;
      openBytes += bytes;
      const release = () => {
        openCommands -= 1;
        openBytes -= bytes;
      };
      replied.then(release, release);
    },
  };
}

/** Which kinds of commands Redis has just rejected. */
function createRejections(log: LogState) {
  const pausedUntil: Record<RedisCommand, number> = { read: 0, write: 0, claim: 0, count: 0 };
  return {
    isPaused: (command: RedisCommand): boolean => performance.now() < pausedUntil[command],
    start: (command: RedisCommand, session: Session, error: ErrorReply): void => {
      session.answeredAt = performance.now();
      pausedUntil[command] = session.answeredAt + REJECTED_PAUSE_MS;
      log(`${command}s`, failureReason(error));
    },
    end: (command: RedisCommand): void => {
      if (pausedUntil[command] === 0) return;
      pausedUntil[command] = 0;
      log(`${command}s`, null);
    },
  };
}

/** Asks Redis for its time. @throws if it does not answer in time, or with something else */
async function readClock(client: RedisClient, clock: RedisClock, timeoutMs: number): Promise<void> {
  const sentAt = performance.now();
  const reply = await withTimeLimit(client.sendCommand(["TIME"]), timeoutMs);
  clock.add({ sentAt, receivedAt: performance.now(), time: timeOf(reply) });
}

/** The reply to `TIME`, seconds and microseconds, in milliseconds. */
function timeOf(reply: unknown): number {
  const [seconds, microseconds] = Array.isArray(reply) ? reply.map((part) => Number(String(part))) : [];
  const time = (seconds ?? Number.NaN) * 1_000 + (microseconds ?? Number.NaN) / 1_000;
  if (Number.isNaN(time)) throw new UnexpectedReply("Expected the time of Redis, got another reply.");
  return time;
}

class UnexpectedReply extends Error {
  override readonly name = "UnexpectedReply";
}
