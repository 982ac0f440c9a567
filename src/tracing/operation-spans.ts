/**
 * The spans of one operation:
 *
 *     POST /graphql                            (SERVER) the request
 *       query                                  (INTERNAL) the operation
 *         GET /api/v4/get_job_instance_status  (CLIENT) an upstream call
 *
 * On a WebSocket, the operation has no request and is itself the SERVER span. Spans contain neither documents nor variables
 * nor credentials, but the hash of the document.
 */
import { hash } from "node:crypto";
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { parseTraceParent } from "@opentelemetry/core";
import type { CallTrace, LookupSource, OperationTrace } from "../model/operation-trace.ts";
import type { Spans } from "./spans.ts";

/** Prefix of attributes that no convention defines. */
const PREFIX = "bk_job_graphql.";

/** Within a request. The span of the operation starts with the operation. */
export function createRequestTrace(spans: Spans, request: Span): OperationTrace {
  return createOperationTrace(spans, request, () =>
    spans.start(UNKNOWN_OPERATION, SpanKind.INTERNAL, {}, trace.setSpan(ROOT_CONTEXT, request)),
  );
}

/** Without a request. The span of the operation starts now. */
export function createRootOperationTrace(spans: Spans, parent: Context): OperationTrace {
  const attributes = { "network.protocol.name": "websocket" };
  const operation = spans.start(UNKNOWN_OPERATION, SpanKind.SERVER, attributes, parent);
  return createOperationTrace(spans, null, () => operation);
}

/** The name that the conventions for GraphQL give to operations whose type is not known. */
const UNKNOWN_OPERATION = "GraphQL Operation";

function createOperationTrace(spans: Spans, request: Span | null, startSpan: () => Span): OperationTrace {
  const first = request ?? startSpan();
  let operation: Span | null = request ? null : first;
  const { traceId } = first.spanContext();
  const lookups: Record<LookupSource, number> = { cache: 0, shared: 0, coalesced: 0, upstream: 0, stale: 0 };

  return {
    traceId,
    startOperation: () => {
      operation ??= startSpan();
    },
    describeOperation: (name, type, document) => {
      if (!operation?.isRecording()) return;
      // The name of the operation is not part of the name of the span: clients choose it, so there is no limit to their number.
      operation.updateName(type).setAttributes({
        "graphql.operation.type": type,
        ...(name !== null && { "graphql.operation.name": name }),
        "graphql.document.hash": hash("sha256", document),
      });
    },
    recordLookup: (source, joined) => {
      lookups[source] += 1;
      if (joined) link(operation, joined);
    },
    startCall: (requiredData) =>
      spans.startCall(operation ? trace.setSpan(ROOT_CONTEXT, operation) : ROOT_CONTEXT, {
        [`${PREFIX}upstream.data`]: requiredData,
      }),
    endOperation: (errorCodes, isAborted) => {
      if (!operation?.isRecording()) return;
      for (const [source, count] of Object.entries(lookups)) {
        operation.setAttribute(`${PREFIX}lookups.${source}`, count);
      }
      const code = isAborted ? ABORTED : (errorCodes[0] ?? OK);
      setCode(operation, code);
      if (code !== OK && code !== ABORTED) operation.setStatus({ code: SpanStatusCode.ERROR });
      operation.end();
    },
    endRequest: (statusCode, errorCodes) => {
      if (!request?.isRecording()) return;
      setCode(request, statusCode === null ? ABORTED : (errorCodes[0] ?? OK));
      if (statusCode !== null) request.setAttribute("http.response.status_code", statusCode);
      // The conventions for HTTP: client errors are no errors of a server.
      if (statusCode !== null && statusCode >= 500) request.setStatus({ code: SpanStatusCode.ERROR });
      request.end();
    },
  };
}

const OK = "OK";
const ABORTED = "ABORTED";

function setCode(span: Span, code: string): void {
  span.setAttribute(`${PREFIX}code`, code);
  if (code !== OK) span.setAttribute("error.type", code);
}

/** Links an operation to the call that it joined, which belongs to the trace of another operation. */
function link(operation: Span | null, { lastHeaders }: CallTrace): void {
  const context = parseTraceParent(lastHeaders()?.traceparent ?? "");
  // The span of a call that is not recorded cannot be found.
  if (context && context.traceFlags & TraceFlags.SAMPLED) operation?.addLink({ context });
}
