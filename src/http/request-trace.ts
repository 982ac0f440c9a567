/** The traces of HTTP requests, if the gateway traces. Only requests to routes that run operations have one. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { createOperationLog } from "../model/operation-log.ts";
import type { Tracer } from "../model/operation-trace.ts";
import { readTraceHeaders } from "./forwarded-trace.ts";
import { GRAPHQL_PATH, MCP_PATH, STREAM_PATH } from "./paths.ts";

/** Starts the trace of the request. All log lines of the request contain its id. */
export function startRequestTrace(request: FastifyRequest, reply: FastifyReply, tracer: Tracer): void {
  const { method, headers } = request;
  const route = request.routeOptions.url;
  if (route !== GRAPHQL_PATH && route !== STREAM_PATH && route !== MCP_PATH) return;
  const trace = tracer.startRequest({ method, route, parent: readTraceHeaders(headers) });
  const operationLog = createOperationLog(trace);
  request.operationLog = operationLog;
  request.log = request.log.child({ traceId: trace.traceId });
  reply.raw.on("close", () => {
    trace.endRequest(reply.raw.writableFinished ? reply.raw.statusCode : null, operationLog.errorCodes);
  });
}
