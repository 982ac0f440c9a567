/** `/healthz`: the process is alive. `/readyz`: it takes requests, which it stops to do before it ends. */
import type { FastifyInstance, FastifyRequest } from "fastify";

const ALIVE_PATH = "/healthz";
const READY_PATH = "/readyz";

export const HEALTH_PATHS: readonly string[] = [ALIVE_PATH, READY_PATH];

export const isHealthCheck = ({ routeOptions }: FastifyRequest): boolean =>
  routeOptions.url !== undefined && HEALTH_PATHS.includes(routeOptions.url);

export async function healthRoutes(
  app: FastifyInstance,
  { isDraining }: { readonly isDraining: () => boolean },
) {
  app.get(ALIVE_PATH, async () => ({ status: "ok" }));
  app.get(READY_PATH, async (_request, reply) => {
    if (!isDraining()) return { status: "ready" };
    return reply.code(503).send({ status: "draining" });
  });
}
