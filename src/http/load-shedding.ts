/**
 * Load shedding: while the instance is overloaded, new operations get `OVERLOADED` at once, so that those in flight can
 * end. Health checks, metrics and open subscriptions are not affected. (`UPSTREAM_MAX_QUEUE` limits the waiting calls.)
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { FastifyReply, FastifyRequest, onRequestHookHandler } from "fastify";
import type { GraphQLFormattedError } from "graphql";
import { type RunOperation, rejectOperation } from "../graphql/operation/run.ts";
import type { LimitName, ObserveLimit } from "../model/limits.ts";
import { sendRejection } from "./error-responses.ts";

export interface LoadSheddingOptions {
  /** Maximum number of operations that run at the same time. 0: no limit. */
  readonly maxOperations: number;
  /** Maximum mean delay of the event loop in milliseconds. 0: no limit. */
  readonly maxEventLoopDelayMs: number;
}

export interface LoadShedding {
  /** A hook for routes: rejects the request before its body is read. */
  readonly onRequest: onRequestHookHandler;
  /** Runs operations, and counts or rejects them. A subscription counts until its stream begins. */
  readonly run: RunOperation;
  readonly load: () => Load;
  readonly close: () => void;
}

export interface Load {
  /** Number of operations that run. */
  readonly operations: number;
  /** Because of which new operations are rejected; null if they are accepted. */
  readonly exceededLimit: LimitName | null;
}

export const OVERLOADED = "OVERLOADED";

export function createLoadShedding(
  { maxOperations, maxEventLoopDelayMs }: LoadSheddingOptions,
  run: RunOperation,
  onLimit: ObserveLimit | null,
): LoadShedding {
  let inFlight = 0;
  const eventLoop = maxEventLoopDelayMs > 0 ? watchEventLoop(maxEventLoopDelayMs) : null;

  const exceededLimit = (): LimitName | null => {
    if (maxOperations > 0 && inFlight >= maxOperations) return "MAX_OPERATIONS_IN_FLIGHT";
    return eventLoop?.isDelayed() ? "MAX_EVENT_LOOP_DELAY_MS" : null;
  };

  const onRequest: onRequestHookHandler = (request: FastifyRequest, reply: FastifyReply, done) => {
    const limit = exceededLimit();
    if (limit === null) return done();
    onLimit?.(limit);
    sendRejection(request, reply, 503, overloaded(), limit);
  };

  return {
    onRequest,
    run: async (request, context) => {
      // Requests of WebSockets reach no hook, and many others can pass it before the first of them runs.
      const limit = exceededLimit();
      if (limit !== null) {
        onLimit?.(limit);
        return rejectOperation([overloaded()], context, limit);
      }
      inFlight += 1;
      try {
        return await run(request, context);
      } finally {
        inFlight -= 1;
      }
    },
    load: () => ({ operations: inFlight, exceededLimit: exceededLimit() }),
    close: () => eventLoop?.close(),
  };
}

/** Random, so that the clients do not return all at once. */
const MIN_RETRY_MS = 1_000;
const MAX_RETRY_MS = 5_000;

function overloaded(): GraphQLFormattedError {
  const retryAfterMs = Math.round(MIN_RETRY_MS + Math.random() * (MAX_RETRY_MS - MIN_RETRY_MS));
  const message = `The gateway is overloaded. Retry in ${retryAfterMs} ms, or on another instance.`;
  return { message, extensions: { code: OVERLOADED, retryAfterMs } };
}

/** How often the event loop is measured, and over which time its delay is the mean. */
const RESOLUTION_MS = 20;
const PERIOD_MS = 1_000;

/** The event loop counts as delayed after two such periods in a row: a process that was suspended has one. */
const MIN_DELAYED_PERIODS = 2;

function watchEventLoop(maxDelayMs: number) {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let delayedPeriods = 0;
  const timer = setInterval(() => {
    delayedPeriods = delayMs(histogram) > maxDelayMs ? delayedPeriods + 1 : 0;
    histogram.reset();
  }, PERIOD_MS);
  timer.unref();
  return {
    isDelayed: () => delayedPeriods >= MIN_DELAYED_PERIODS,
    close: () => {
      clearInterval(timer);
      histogram.disable();
    },
  };
}

/** The mean includes the time between two measurements. It is not a number without any. */
const delayMs = ({ mean }: ReturnType<typeof monitorEventLoopDelay>): number =>
  mean > 0 ? mean / 1e6 - RESOLUTION_MS : 0;
