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

/** @returns a code such as `ECONNREFUSED` or `OOM`, the beginning of a known error reply, or the name of the error */
export function failureReason(error: unknown): string {
  if (!(error instanceof Error)) return "closed";
  if (error instanceof ErrorReply) return replyReason(error.message);
  if ("code" in error && typeof error.code === "string") return error.code;
  // The errors of the library have classes, but no names of their own.
  return error.name === "Error" ? error.constructor.name : error.name;
}

/** An error reply begins with its code: `OOM command not allowed when used memory > 'maxmemory'.` */
function replyReason(message: string): string {
  const code = /^[A-Z]+/.exec(message)?.[0] ?? "ERR";
  if (code !== "ERR") return code;
  const known = KNOWN_ERRORS.find((text) => message.startsWith(`ERR ${text}`));
  return known ? `ERR ${known}` : "ERR";
}
