/** Describes failures of Redis without addresses, credentials or texts of the server, which could contain them. */
import { ErrorReply } from "@redis/client";

/** @returns a code such as `ECONNREFUSED` or `OOM`, or the name of the error */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "closed";
  // An error reply begins with its code: `OOM command not allowed when used memory > 'maxmemory'.`
  if (error instanceof ErrorReply) return /^[A-Z]+/.exec(error.message)?.[0] ?? "ERR";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
