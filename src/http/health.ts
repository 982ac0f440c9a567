/** Health checks. `/healthz`: the process is alive. `/readyz`: it accepts requests, until shutdown begins. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { LIVENESS_PATH, READINESS_PATH } from "./paths.ts";

/** Load balancers send HEAD. Other routes reject it, so that no operation runs for a response without a body. */
const WITH_HEAD = { exposeHeadRoute: true };

export const isHealthCheck = ({ routeOptions: { url } }: FastifyRequest): boolean =>
  url === LIVENESS_PATH || url === READINESS_PATH;

export async function healthRoutes(
  app: FastifyInstance,
  { isDraining }: { readonly isDraining: () => boolean },
) {
  app.get(LIVENESS_PATH, WITH_HEAD, async () => ({ status: "ok" }));
  app.get(READINESS_PATH, WITH_HEAD, async (_request, reply) => {
    if (!isDraining()) return { status: "ready" };
    return reply.code(503).send({ status: "draining" });
  });
}
