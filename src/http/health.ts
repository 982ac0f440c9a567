/** `/healthz`: the process is alive. `/readyz`: it takes requests, which it stops to do before it ends. */
import type { FastifyInstance, FastifyRequest } from "fastify";

const ALIVE_PATH = "/healthz";
const READY_PATH = "/readyz";

export const HEALTH_PATHS: readonly string[] = [ALIVE_PATH, READY_PATH];

/** Load balancers check with it. No other route has it: an operation is not to run for a response without a body. */
const WITH_HEAD = { exposeHeadRoute: true };

export const isHealthCheck = ({ routeOptions }: FastifyRequest): boolean =>
  routeOptions.url !== undefined && HEALTH_PATHS.includes(routeOptions.url);

export async function healthRoutes(
  app: FastifyInstance,
  { isDraining }: { readonly isDraining: () => boolean },
) {
  app.get(ALIVE_PATH, WITH_HEAD, async () => ({ status: "ok" }));
  app.get(READY_PATH, WITH_HEAD, async (_request, reply) => {
    if (!isDraining()) return { status: "ready" };
    return reply.code(503).send({ status: "draining" });
  });
}
