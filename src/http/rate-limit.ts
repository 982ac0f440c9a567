/**
 * Rate limit by identity: the operations that one caller may start within a window, over all transports. HTTP requests
 * and `subscribe` messages of WebSockets have the same counters, those of `@fastify/rate-limit`.
 *
 * Tenant and language are not part of the key, because a caller could vary them. Credentials are not verified before
 * they are counted, so the limit is for clients that send too much, not for attackers who vary their credentials.
 */
import { createHmac, randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import rateLimitPlugin, { normalizeIP } from "@fastify/rate-limit";
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import type { GraphQLFormattedError } from "graphql";
import type { ObserveLimit } from "../model/limits.ts";
import { type CredentialOptions, readCredentials } from "./caller.ts";
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

/** Maximum number of callers with a counter, a few hundred bytes each. The least recently seen start again. */
const MAX_CALLERS = 10_000;

/** The headers in addition to `Retry-After`, which pages of allowed origins can read. */
export const RATE_LIMIT_HEADERS = [
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset",
] as const;

const RATE_LIMITED = "RATE_LIMITED";

/** What the library reads of a request. */
interface Counted {
  readonly key: string;
  readonly routeOptions: object;
}

/** @param app see `CredentialOptions` */
export async function createRateLimiter(
  server: FastifyInstance,
  { max, windowMs }: RateLimitOptions,
  app: CredentialOptions["app"],
  onLimit: ObserveLimit | null,
): Promise<RateLimiter> {
  await server.register(rateLimitPlugin, {
    global: false,
    max,
    timeWindow: windowMs,
    cache: MAX_CALLERS,
    // `countKey` passes nothing else.
    keyGenerator: (request) => (request as unknown as Counted).key,
  });
  const limit = server.createRateLimit();
  const keyOf = createKeyOf(app);

  const countKey = async (key: string) => {
    // The library's type requires a whole request, but it reads no more. WebSockets have no request per operation.
    const counted: Counted = { key, routeOptions: {} };
    const state = await limit(counted as unknown as FastifyRequest);
    if (state.isAllowed)
      throw new Error("Expected the caller to be counted, because the allow list is empty.");
    if (!state.isExceeded) return { state, error: null };
    onLimit?.("RATE_LIMIT_MAX");
    return { state, error: rateLimited({ max, windowMs }, state.ttl) };
  };

  const onRequest = async (request: FastifyRequest, reply: FastifyReply) => {
    // Fastify's type does not say so, but a client that has disconnected has no address.
    const address: string | undefined = request.ip;
    const { state, error } = await countKey(keyOf(request.headers, address ?? ""));
    reply.headers({
      "x-ratelimit-limit": state.max,
      "x-ratelimit-remaining": state.remaining,
      "x-ratelimit-reset": state.ttlInSeconds,
    });
    return error ? sendRejection(request, reply, 429, error) : undefined;
  };

  const count: RateLimiter["count"] = async (headers, address) =>
    (await countKey(keyOf(headers, address))).error;

  return { onRequest, count };
}

const rateLimited = ({ max, windowMs }: RateLimitOptions, retryAfterMs: number): GraphQLFormattedError => ({
  message: `Too many operations (maximum ${max} in ${windowMs} ms for one caller). Retry in ${retryAfterMs} ms.`,
  extensions: { code: RATE_LIMITED, retryAfterMs },
});

/** Creates the function for the key of a caller: a hash of the credentials with a key of this process, or the address. */
function createKeyOf(
  app: CredentialOptions["app"],
): (headers: IncomingHttpHeaders, address: string) => string {
  const secret = randomBytes(32);
  return (headers, address) => {
    const { authorization } = readCredentials(headers, { app, defaultAuthorization: null });
    // An IPv6 client has a whole /64 network of addresses.
    if (authorization === null) return `address ${normalizeIP(address)}`;
    return createHmac("sha256", secret).update(authorization).digest("base64").slice(0, KEY_LENGTH);
  };
}

/** 132 bits. */
const KEY_LENGTH = 22;
