/**
 * Distributed tracing with OpenTelemetry. The layers below report what they do to the traces of this folder, the only one
 * that knows the library; the gateway loads it only if tracing is enabled. No global state of the library is used, and
 * contexts are passed explicitly instead of by `AsyncLocalStorage`.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ROOT_CONTEXT, SpanKind } from "@opentelemetry/api";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { createCallOnlyTrace, type OperationTrace, type Tracer } from "../model/operation-trace.ts";
import { createSpanProcessor, type ExporterOptions, type TracingLogger } from "./exporter.ts";
import { createRequestTrace, createRootOperationTrace } from "./operation-spans.ts";
import { createSampler, type SamplerName } from "./sampler.ts";
import { contextOf, createSpans, type Spans } from "./spans.ts";

export interface TracingOptions extends ExporterOptions {
  /** Null: that of `resourceAttributes`, or `bk-job-graphql`. */
  readonly serviceName: string | null;
  /** Attributes of all spans, such as the name of the cluster. */
  readonly resourceAttributes: Readonly<Record<string, string>>;
  readonly sampler: SamplerName;
  /** Ratio of recorded traces, from 0 to 1, if the sampler depends on it. */
  readonly samplerRatio: number;
}

export interface Tracing extends Tracer {
  /** Sends the queued spans. Resolves after `limitMs` at the latest; spans that have not been sent by then are lost. */
  readonly shutdown: (limitMs: number) => Promise<void>;
}

/** Clients and the upstream choose some values. Longer ones are cut. */
const MAX_ATTRIBUTE_LENGTH = 256;

/** @param upstreamUrl base URL of the upstream, whose host the spans of calls contain */
export function createTracing(options: TracingOptions, upstreamUrl: URL, logger: TracingLogger): Tracing {
  const { sampler, samplerRatio } = options;
  const provider = new TracerProvider({
    resource: createResource(options),
    sampler: createSampler(sampler, samplerRatio),
    spanProcessors: [createSpanProcessor(options, logger)],
    spanLimits: { attributeValueLengthLimit: MAX_ATTRIBUTE_LENGTH },
  });
  const spans = createSpans(provider.getTracer("bk-job-graphql"), upstreamUrl);
  return {
    startRequest: ({ method, route, parent }) => {
      const attributes = {
        "http.request.method": method,
        "http.route": route,
        "url.path": route,
        "url.scheme": "http",
      };
      const request = spans.start(`${method} ${route}`, SpanKind.SERVER, attributes, contextOf(parent));
      return createRequestTrace(spans, request);
    },
    startWebSocketOperation: (parent) => createRootOperationTrace(spans, contextOf(parent)),
    startPoll: (purpose) => createPollTrace(spans, purpose),
    shutdown: async (limitMs) => {
      // Failed exports have been logged.
      const flushed = provider.shutdown().catch(() => {});
      await Promise.race([flushed, sleep(limitMs, undefined, { ref: false })]);
    },
  };
}

const createResource = ({ serviceName, resourceAttributes }: TracingOptions) =>
  defaultResource().merge(
    resourceFromAttributes({
      "service.name": "bk-job-graphql",
      "service.instance.id": randomUUID(),
      ...resourceAttributes,
      ...(serviceName !== null && { "service.name": serviceName }),
    }),
  );

/** A poll serves any number of subscriptions, so its call is a trace of its own. */
const createPollTrace = (spans: Spans, purpose: string): OperationTrace =>
  createCallOnlyTrace((requiredData) =>
    spans.startCall(ROOT_CONTEXT, {
      "bk_job_graphql.upstream.data": requiredData,
      "bk_job_graphql.upstream.purpose": purpose,
    }),
  );
