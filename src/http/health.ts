/** `/healthz`: the process is alive. `/readyz`: it takes requests, which it stops to do before it ends. */
import type { FastifyInstance } from "fastify";

export async function healthRoutes(
  app: FastifyInstance,
  { isDraining }: { readonly isDraining: () => boolean },
) {
  app.get("/healthz", async () => ({ status: "ok" }));
  app.get("/readyz", async (_request, reply) => {
    if (!isDraining()) return { status: "ready" };
    return reply.code(503).send({ status: "draining" });
  });
}
