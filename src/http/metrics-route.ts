/** The page that Prometheus reads: on the gateway's own port, or by a server on a port of its own. */
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import { handleError, handleNotFound } from "./error-responses.ts";
import { METRICS_PATH } from "./paths.ts";

export interface MetricsPage {
  readonly contentType: string;
  /** The current values, in the text format of Prometheus. */
  readonly read: () => Promise<string>;
}

/** A Fastify plugin. */
export async function metricsRoute(app: FastifyInstance, { contentType, read }: MetricsPage) {
  app.get(METRICS_PATH, { exposeHeadRoute: true }, async (_request, reply) =>
    reply.type(contentType).send(await read()),
  );
}

export interface MetricsServer {
  /** @returns the URL of the page. @throws if it cannot listen on the address. */
  readonly listen: (address: { readonly host: string; readonly port: number }) => Promise<string>;
  readonly close: () => Promise<void>;
}

export async function createMetricsServer(
  page: MetricsPage,
  logger: FastifyBaseLogger,
): Promise<MetricsServer> {
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  });
  app.setErrorHandler(handleError);
  app.setNotFoundHandler(handleNotFound);
  await app.register(metricsRoute, page);
  return {
    listen: async ({ host, port }) => `${await app.listen({ host, port })}${METRICS_PATH}`,
    close: () => app.close(),
  };
}
