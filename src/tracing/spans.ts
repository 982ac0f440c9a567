/** Starts spans, and those of upstream calls with the headers that the upstream receives. */
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  type CallTrace,
  SUCCESSFUL_OUTCOMES,
  type TracedCall,
  type TraceHeaders,
} from "../model/operation-trace.ts";

export interface Spans {
  readonly start: (name: string, kind: SpanKind, attributes: Attributes, parent: Context) => Span;
  readonly startCall: (parent: Context, attributes: Attributes) => CallTrace;
}

/** The endpoint of `upstream/client.ts`. The query, which contains the id of a job, is not part of any span. */
const URL_TEMPLATE = "/api/v4/get_job_instance_status";

export function createSpans(tracer: Tracer, upstreamUrl: URL): Spans {
  const callAttributes: Attributes = {
    "http.request.method": "GET",
    "url.template": URL_TEMPLATE,
    "server.address": upstreamUrl.hostname,
    "server.port": Number(upstreamUrl.port) || (upstreamUrl.protocol === "https:" ? 443 : 80),
  };
  const start: Spans["start"] = (name, kind, attributes, parent) =>
    tracer.startSpan(name, { kind, attributes }, parent);

  // Each attempt is a span, as the conventions for HTTP define.
  const startCall: Spans["startCall"] = (parent, attributes) => {
    let last: TraceHeaders | null = null;
    return {
      startAttempt: (retries) => {
        const all = { ...callAttributes, ...attributes };
        if (retries > 0) all["http.request.resend_count"] = retries;
        const span = start(`GET ${URL_TEMPLATE}`, SpanKind.CLIENT, all, parent);
        const headers = headersOf(span);
        last = headers;
        return { headers, end: (call) => endCall(span, call) };
      },
      lastHeaders: () => last,
    };
  };

  return { start, startCall };
}

function endCall(span: Span, call: TracedCall): void {
  if (!span.isRecording()) return;
  const { outcome, queuedMs, bodyBytes, httpStatus, upstreamRequestId } = call;
  const known = SUCCESSFUL_OUTCOMES.get(outcome);
  span.setAttributes({
    "bk_job_graphql.upstream.outcome": known ?? outcome,
    "bk_job_graphql.upstream.body_bytes": bodyBytes,
    ...(queuedMs !== null && { "bk_job_graphql.upstream.queued_ms": Math.round(queuedMs * 10) / 10 }),
    ...(httpStatus !== null && { "http.response.status_code": httpStatus }),
    ...(upstreamRequestId !== null && { "bk_job_graphql.upstream.request_id": upstreamRequestId }),
  });
  if (known === undefined) span.setAttribute("error.type", outcome);
  // A call for which nobody waits any more has not failed.
  if (known === undefined && outcome !== "ABORTED") span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

const PROPAGATOR = new W3CTraceContextPropagator();

/** The trace headers of a call. Not recorded spans have some, too, which say so. */
function headersOf(span: Span): TraceHeaders {
  const headers: { traceparent: string; tracestate?: string } = { traceparent: "" };
  PROPAGATOR.inject(trace.setSpan(ROOT_CONTEXT, span), headers, {
    set: (carrier, name, value) => {
      if (name === "traceparent") carrier.traceparent = value;
      else if (value !== "") carrier.tracestate = value;
    },
  });
  return headers;
}

/** The context of a span that a client has sent. */
export const contextOf = (parent: TraceHeaders | null): Context =>
  parent === null
    ? ROOT_CONTEXT
    : PROPAGATOR.extract(ROOT_CONTEXT, parent, {
        get: (carrier, name) => (name === "traceparent" ? carrier.traceparent : carrier.tracestate),
        keys: (carrier) => Object.keys(carrier),
      });
