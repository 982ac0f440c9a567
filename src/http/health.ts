/**
 * Health checks. `/healthz`: the process is alive. `/readyz`: it accepts requests, until shutdown begins, with what
 * limits its service.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { LIVENESS_PATH, METRICS_PATH, READINESS_PATH } from "./paths.ts";
import type { Problem } from "./readiness.ts";

/** Load balancers send HEAD. Other routes reject it, so that no operation runs for a response without a body. */
const WITH_HEAD = { exposeHeadRoute: true };

const MONITORING_PATHS: ReadonlySet<string | undefined> = new Set([
  LIVENESS_PATH,
  READINESS_PATH,
  METRICS_PATH,
]);

/** Requests that are answered even during shutdown, and that shutdown does not wait for. */
export const isMonitoring = ({ routeOptions: { url } }: FastifyRequest): boolean => MONITORING_PATHS.has(url);

export interface HealthOptions {
  readonly isShuttingDown: () => boolean;
  readonly findProblems: () => readonly Problem[];
}

export async function healthRoutes(app: FastifyInstance, { isShuttingDown, findProblems }: HealthOptions) {
  app.get(LIVENESS_PATH, WITH_HEAD, async () => ({ status: "ok" }));
  app.get(READINESS_PATH, WITH_HEAD, async (_request, reply) => {
    const problems = findProblems();
    if (!isShuttingDown()) return { status: "ready", problems };
    const shutdown: Problem = { code: "SHUTTING_DOWN", message: "This instance is shutting down." };
    return reply.code(503).send({ status: "draining", problems: [shutdown, ...problems] });
  });
}
