/** The routes of the BFF, and what each request to the gateway gets from the request to the BFF. */
import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { createJobClient, type JobClient } from "bk-job-graphql/client";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { type BkApp, gatewayHeaders } from "./credentials.ts";
import { findDeployment, readDeployment, watchDeployment } from "./deployments.ts";
import { RequestError, sendError } from "./errors.ts";
import { sendEvents } from "./events.ts";

export interface AppOptions {
  /** URL of the gateway's GraphQL endpoint. */
  readonly gatewayUrl: string;
  readonly bkApp: BkApp;
}

interface DeploymentRoute {
  readonly Params: { readonly id: string };
}

/** How long a browser waits for a response, in milliseconds, if it does not say. */
const DEFAULT_DEADLINE_MS = 15_000;
const MAX_DEADLINE_MS = 60_000;
/** The gateway gets less time than the BFF has, so that its response arrives in time. */
const DEADLINE_MARGIN_MS = 100;

export function createApp({ gatewayUrl, bkApp }: AppOptions): FastifyInstance {
  // Fastify logs no headers, which contain credentials.
  const app = fastify({ logger: true, genReqId: () => randomUUID() });
  app.setErrorHandler(sendError);

  /** A client for one request, with the credentials of its user: it must not be shared between requests. */
  const clientFor = (request: FastifyRequest, headers: Readonly<Record<string, string>> = {}): JobClient =>
    createJobClient({
      url: gatewayUrl,
      headers: { ...gatewayHeaders(request.headers, bkApp), "x-request-id": request.id, ...headers },
    });

  app.get<DeploymentRoute>("/api/deployments/:id", (request, reply) => {
    const deployment = findDeployment(request.params.id);
    const deadlineMs = readDeadlineMs(request.headers);
    const client = clientFor(request, {
      "x-request-deadline-ms": String(Math.max(deadlineMs - DEADLINE_MARGIN_MS, 1)),
    });
    return readDeployment(deployment, client, whenClosed(reply, deadlineMs));
  });

  // A shutdown ends event streams. Browsers reconnect to another instance.
  const stopping = new AbortController();
  app.addHook("preClose", async () => stopping.abort());

  app.get<DeploymentRoute>("/api/deployments/:id/events", (request, reply) => {
    const deployment = findDeployment(request.params.id);
    const signal = AbortSignal.any([whenClosed(reply), stopping.signal]);
    return sendEvents(watchDeployment(deployment, clientFor(request), signal), request, reply);
  });

  return app;
}

/** The header that the gateway has, too: the time that is left for the response. */
function readDeadlineMs(headers: IncomingHttpHeaders): number {
  const value = headers["x-request-deadline-ms"] ?? String(DEFAULT_DEADLINE_MS);
  const ms = /^\d{1,5}$/.test(String(value)) ? Number(value) : 0;
  if (ms >= 1 && ms <= MAX_DEADLINE_MS) return ms;
  const expected = `X-Request-Deadline-Ms to be a number of milliseconds from 1 to ${MAX_DEADLINE_MS}`;
  throw new RequestError(400, "BAD_REQUEST", `Expected ${expected}.`);
}

/**
 * Aborts calls of the gateway when the client disconnects, or after a deadline, with a `TimeoutError`. After a complete
 * response there is nothing to abort. `AbortSignal.timeout` would stay in memory until the deadline.
 */
function whenClosed(reply: FastifyReply, deadlineMs?: number): AbortSignal {
  const controller = new AbortController();
  const expire = () => controller.abort(new DOMException("The deadline has passed.", "TimeoutError"));
  const timer = deadlineMs === undefined ? undefined : setTimeout(expire, deadlineMs);
  reply.raw.once("close", () => {
    clearTimeout(timer);
    controller.abort();
  });
  return controller.signal;
}
