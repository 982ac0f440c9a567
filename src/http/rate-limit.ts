/**
 * Rate limit by identity: the operations that one caller may start within a window, over all transports. HTTP requests
 * and `subscribe` messages of WebSockets have the same counters.
 *
 * Tenant and language are not part of the key, because a caller could vary them. Credentials are not verified before
 * they are counted, so the limit is for clients that send too much, not for attackers who vary their credentials.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import type { GraphQLFormattedError } from "graphql";
import { ipNetwork } from "../model/ip.ts";
import type { ObserveLimit } from "../model/limits.ts";
import type { OperationCounts } from "../redis/operation-counts.ts";
import { hashCredentials } from "../upstream/caller.ts";
import { type CredentialOptions, readCredentials } from "./caller.ts";
import { createCallerWindows } from "./caller-windows.ts";
import { sendRejection } from "./error-responses.ts";

export interface RateLimitOptions {
  /** Maximum number of operations in a window. */
  readonly max: number;
  readonly windowMs: number;
}

export interface RateLimiter {
  /** A hook for routes: counts the request, sets the headers, and rejects it beyond the limit. */
  readonly onRequest: onRequestAsyncHookHandler;
  /** Counts an operation of a WebSocket. @returns the error beyond the limit, else null */
  readonly count: (headers: IncomingHttpHeaders, address: string) => Promise<GraphQLFormattedError | null>;
}

/** The headers in addition to `Retry-After`, which pages of allowed origins can read. */
export const RATE_LIMIT_HEADERS = [
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset",
] as const;

const RATE_LIMITED = "RATE_LIMITED";

/**
 * @param app see `CredentialOptions`
 * @param shared null if this instance counts alone
 */
export function createRateLimiter(
  { max, windowMs }: RateLimitOptions,
  app: CredentialOptions["app"],
  shared: OperationCounts | null,
  onLimit: ObserveLimit | null,
): RateLimiter {
  const countOperation = createCallerWindows({ max, windowMs }, shared);

  const countCaller = async (headers: IncomingHttpHeaders, address: string) => {
    const { count, remainingMs } = await countOperation(callerOf(headers, address, app));
    if (count <= max) return { count, remainingMs, error: null };
    onLimit?.("RATE_LIMIT_MAX");
    return { count, remainingMs, error: rateLimited({ max, windowMs }, remainingMs) };
  };

  const onRequest = async (request: FastifyRequest, reply: FastifyReply) => {
    // Fastify's type does not say so, but a client that has disconnected has no address.
    const address: string | undefined = request.ip;
    const { count, remainingMs, error } = await countCaller(request.headers, address ?? "");
    reply.headers({
      "x-ratelimit-limit": max,
      "x-ratelimit-remaining": Math.max(0, max - count),
      "x-ratelimit-reset": Math.ceil(remainingMs / 1_000),
    });
    return error ? sendRejection(request, reply, 429, error, "RATE_LIMIT_MAX") : undefined;
  };

  const count: RateLimiter["count"] = async (headers, address) => (await countCaller(headers, address)).error;

  return { onRequest, count };
}

const rateLimited = ({ max, windowMs }: RateLimitOptions, retryAfterMs: number): GraphQLFormattedError => ({
  message: `Too many operations (maximum ${max} in ${windowMs} ms for one caller). Retry in ${retryAfterMs} ms.`,
  extensions: { code: RATE_LIMITED, retryAfterMs },
});

/** The key of a caller's counter: a hash of the credentials, or the address. */
function callerOf(headers: IncomingHttpHeaders, address: string, app: CredentialOptions["app"]): string {
  const { authorization } = readCredentials(headers, { app, defaultAuthorization: null });
  // An IPv6 client has a whole /64 network of addresses.
  return authorization === null ? `address ${ipNetwork(address)}` : hashCredentials(authorization);
}
