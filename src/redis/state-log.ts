/** Logs when Redis, or a kind of its commands, stops working, why, what to do, and when it works again. */
import { remedyFor } from "./failure-reason.ts";

export interface RedisLogger {
  readonly info: (text: string) => void;
  readonly warn: (text: string) => void;
}

type LoggedPart = "connection" | "reads" | "writes" | "claims" | "counts" | "subscriptions";

/** The reason is null if the part works. */
export type LogState = (part: LoggedPart, reason: string | null) => void;

/** Logs each change once, and each further reason once until the part works again. */
export function createStateLog(logger: RedisLogger): LogState {
  /** The logged reasons of the parts that do not work. At first, commands work, and the connection is neither. */
  const logged: Record<LoggedPart, string[] | null> = {
    connection: [],
    reads: null,
    writes: null,
    claims: null,
    counts: null,
    subscriptions: null,
  };
  return (part, reason) => {
    const reasons = logged[part];
    if (reason === null) {
      if (!reasons) return;
      logged[part] = null;
      logger.info(part === "connection" ? "Redis is available." : `Redis accepts ${part} again.`);
      return;
    }
    if (reasons?.includes(reason)) return;
    logged[part] = [...(reasons ?? []), reason];
    const effect =
      part === "connection"
        ? `Redis is unavailable (${reason}). This instance works alone until it can use Redis.`
        : `Redis rejects ${part} (${reason}). This instance works without them until Redis accepts them.`;
    const remedy = remedyFor(reason);
    logger.warn(remedy === null ? effect : `${effect} ${remedy}`);
  };
}
