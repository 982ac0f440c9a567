/** Describes failures of Redis without addresses, credentials or texts of the server, which could contain them. */
import { ErrorReply } from "@redis/client";

/** Error replies with the general code `ERR` that an operator can do something about. */
const KNOWN_ERRORS: readonly string[] = [
  "AUTH",
  "DB index is out of range",
  "invalid DB index",
  "invalid password",
  "max number of clients reached",
  "unknown command",
];

/** Errors without a code. Their classes have no meaning for an operator. */
const KNOWN_CLASSES: ReadonlyMap<string, string> = new Map([
  ["TimeLimitExceeded", "timeout"],
  ["ConnectionTimeoutError", "timeout"],
  ["SocketClosedUnexpectedlyError", "closed"],
]);

const CHECK_CREDENTIALS = "Check the user and password in REDIS_URL.";
const CHECK_DATABASE = "Check the database number in REDIS_URL.";

/** What an operator can do, by the reason. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "Check that Redis runs, and the host and port in REDIS_URL."],
  ["ENOTFOUND", "Check the host in REDIS_URL."],
  ["closed", "Check that Redis runs, and whether it needs TLS (rediss)."],
  ["timeout", "Check the network, the load of Redis, and whether it needs TLS (rediss) or none (redis)."],
  ["NOAUTH", CHECK_CREDENTIALS],
  ["WRONGPASS", CHECK_CREDENTIALS],
  ["ERR AUTH", CHECK_CREDENTIALS],
  ["ERR invalid password", CHECK_CREDENTIALS],
  ["ERR DB index is out of range", CHECK_DATABASE],
  ["ERR invalid DB index", CHECK_DATABASE],
  ["ERR max number of clients reached", "Raise maxclients of Redis."],
  ["NOPERM", "Check the permissions of the Redis user."],
  ["OOM", "Raise maxmemory of Redis, or set an eviction policy such as allkeys-lru."],
  ["READONLY", "Check that REDIS_URL names the primary, not a replica."],
]);

/** @returns a sentence, or null for a reason without a known remedy */
export const remedyFor = (reason: string): string | null => REMEDIES.get(reason) ?? null;

/** @returns a code such as `ECONNREFUSED` or `OOM`, the beginning of a known error reply, `timeout`, `closed`, or the name of the error */
export function failureReason(error: unknown): string {
  if (!(error instanceof Error)) return "closed";
  if (error instanceof ErrorReply) return replyReason(error.message);
  if ("code" in error && typeof error.code === "string") return error.code;
  // The errors of the library have classes, but no names of their own.
  const name = error.name === "Error" ? error.constructor.name : error.name;
  return KNOWN_CLASSES.get(name) ?? name;
}

/** An error reply begins with its code: `OOM command not allowed when used memory > 'maxmemory'.` */
function replyReason(message: string): string {
  const code = /^[A-Z]+/.exec(message)?.[0] ?? "ERR";
  if (code !== "ERR") return code;
  const known = KNOWN_ERRORS.find((text) => message.startsWith(`ERR ${text}`));
  return known ? `ERR ${known}` : "ERR";
}
