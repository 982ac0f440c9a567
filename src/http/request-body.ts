/** Bodies of requests, as Fastify wants them parsed. */
import type { FastifyRequest } from "fastify";
import { parseRequestJson } from "./exact-json.ts";

export function parseBody(
  _request: FastifyRequest,
  body: string,
  done: (error: Error | null, body?: unknown) => void,
): void {
  let parsed: unknown;
  try {
    parsed = parseRequestJson(body);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    done(Object.assign(new Error(`Expected the request body to be JSON: ${reason}.`), { statusCode: 400 }));
    return;
  }
  done(null, parsed);
}
