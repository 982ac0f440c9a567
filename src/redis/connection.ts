/**
 * Keeps one connection to Redis: connects, checks every second that Redis answers, and connects again after a failure. A
 * connection on which a command has timed out, and no other one was answered in time meanwhile, is not used again,
 * because its next reply would come late, too; a new one is used only once it has answered.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createClient, RESP_TYPES } from "@redis/client";

export interface ConnectionOptions {
  /** `redis://` or `rediss://`, with credentials if any. */
  readonly url: string;
  /** Time limit of a command in milliseconds. */
  readonly timeoutMs: number;
}

interface ConnectionHandlers {
  /** Asks Redis for something, with a time limit. A new connection is used only if this succeeds. */
  readonly check: (client: RedisClient) => Promise<unknown>;
  /** Called when a connection has answered, and may be used. */
  readonly onOpen: (session: Session) => void;
  /** Called with the reason when a connection has failed, or none could be made. */
  readonly onFailed: (reason: unknown) => void;
}

/** A connection that has answered, until `end` is called. */
export interface Session {
  readonly client: RedisClient;
  readonly end: (reason: unknown) => void;
  /** When a command was last answered in time, by `performance.now()`. */
  answeredAt: number;
}

export interface KeptConnection {
  /** Null while Redis does not answer. */
  readonly session: () => Session | null;
  readonly close: () => Promise<void>;
}

/** How often an idle connection is checked. */
const CHECK_INTERVAL_MS = 1_000;
/** Time limit of a new connection, which needs several round trips. */
const MIN_CONNECT_MS = 2_000;
const MIN_RECONNECT_DELAY_MS = 50;
const MAX_RECONNECT_DELAY_MS = 1_000;

const createRedisClient = (url: string, connectTimeout: number) =>
  createClient({
    url,
    // Every version and every proxy understands it.
    RESP: 2,
    disableOfflineQueue: true,
    maintNotifications: "disabled",
    // The gateway has its own, which include the time until the reply.
    commandOptions: { timeout: 0, typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
    // `keepConnected` reconnects, because the library waits without a limit for the first replies of a connection.
    socket: { connectTimeout, reconnectStrategy: false },
  });

export type RedisClient = ReturnType<typeof createRedisClient>;

/** Connects in the background. */
export function keepConnected(
  { url, timeoutMs }: ConnectionOptions,
  { check, onOpen, onFailed }: ConnectionHandlers,
): KeptConnection {
  let session: Session | null = null;
  const closing = new AbortController();

  /** Connects, and uses the connection while it answers. @returns why it no longer does */
  const useConnection = async (): Promise<unknown> => {
    const connectMs = Math.max(MIN_CONNECT_MS, timeoutMs);
    let client: RedisClient | null = null;
    let stopChecks = () => {};
    const { promise: ended, resolve } = Promise.withResolvers<unknown>();
    const end: Session["end"] = (reason) => {
      if (session?.end === end) session = null;
      resolve(reason);
    };
    const onClosing = () => end(closing.signal.reason);
    closing.signal.addEventListener("abort", onClosing);
    try {
      closing.signal.throwIfAborted();
      const opened = createRedisClient(url, connectMs);
      client = opened;
      opened.on("error", end);
      const failed = ended.then((reason) => Promise.reject(reason));
      await withTimeLimit(Promise.race([opened.connect(), failed]), connectMs);
      await Promise.race([check(opened), failed]);
      session = { client: opened, end, answeredAt: performance.now() };
      onOpen(session);
      stopChecks = checkRegularly(session, () => check(opened));
      return await ended;
    } catch (error) {
      return error;
    } finally {
      stopChecks();
      end(null);
      closing.signal.removeEventListener("abort", onClosing);
      client?.destroy();
    }
  };

  const reconnect = async () => {
    let delayMs = MIN_RECONNECT_DELAY_MS;
    while (!closing.signal.aborted) {
      const startedAt = performance.now();
      const reason = await useConnection();
      if (closing.signal.aborted) return;
      onFailed(reason);
      if (performance.now() - startedAt > MAX_RECONNECT_DELAY_MS) delayMs = MIN_RECONNECT_DELAY_MS;
      // Random, so that instances do not reconnect at the same time.
      const waitMs = delayMs * (0.5 + Math.random() / 2);
      await sleep(waitMs, undefined, { signal: closing.signal, ref: false }).catch(() => {});
      delayMs = Math.min(MAX_RECONNECT_DELAY_MS, delayMs * 2);
    }
  };

  const closed = reconnect();
  const close = async () => {
    closing.abort();
    await closed;
  };
  return { session: () => session, close };
}

/** @returns a function that stops the checks */
function checkRegularly(session: Session, check: () => Promise<unknown>): () => void {
  const checkAgain = () => {
    const startedAt = performance.now();
    check().catch((error: unknown) => endIfSilent(session, startedAt, error));
  };
  const timer = setInterval(checkAgain, CHECK_INTERVAL_MS).unref();
  return () => clearInterval(timer);
}

/** Large replies delay those behind them: a session ends only if Redis has answered nothing in time meanwhile. */
export function endIfSilent(session: Session, startedAt: number, error: unknown): void {
  const isDelayed = error instanceof TimeLimitExceeded && session.answeredAt >= startedAt;
  if (!isDelayed) session.end(error);
}

export class TimeLimitExceeded extends Error {
  override readonly name = "TimeLimitExceeded";
}

/** @throws TimeLimitExceeded if `promise` takes longer than `ms`. */
export async function withTimeLimit<T>(promise: Promise<T>, ms: number): Promise<T> {
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
