/** Gateways that trace, and the spans that a collector has received from them. */
import { onTestFinished } from "vitest";
import type { TracingOptions } from "../../src/tracing/tracing.ts";
import { type TestGateway, type TestGatewayOptions, useGateway } from "../support/gateway.ts";
import { type OtlpReceiver, type ReceivedSpan, useOtlpReceiver } from "../support/otlp-receiver.ts";

export const tracingTo = (url: URL, options: Partial<TracingOptions> = {}): TracingOptions => ({
  url,
  headers: {},
  timeoutMs: 10_000,
  compression: "none",
  serviceName: null,
  resourceAttributes: {},
  sampler: "parentbased_always_on",
  samplerRatio: 1,
  // Short, so that tests are fast.
  scheduleDelayMs: 20,
  maxQueueSize: 2_048,
  ...options,
});

export interface TracedGateway extends TestGateway {
  readonly collector: OtlpReceiver;
  /** Closes the gateway, which sends its last spans. @returns all spans, in the order of their start; parents first */
  readonly allSpans: () => Promise<readonly ReceivedSpan[]>;
}

export async function useTracedGateway(
  options: TestGatewayOptions = {},
  tracing: Partial<TracingOptions> = {},
): Promise<TracedGateway> {
  const collector = await useOtlpReceiver({ onTestFinished });
  const config = { tracing: tracingTo(collector.url, tracing), ...options.config };
  const gateway = await useGateway({ ...options, config });
  const allSpans = async () => {
    await gateway.close();
    return inOrder(collector.spans);
  };
  return { ...gateway, collector, allSpans };
}

const KINDS: readonly ReceivedSpan["kind"][] = ["SERVER", "INTERNAL", "CLIENT"];

/** Start times are in milliseconds. */
export const inOrder = (spans: readonly ReceivedSpan[]): readonly ReceivedSpan[] =>
  spans.toSorted((a, b) => Number(a.start - b.start) || KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));

/** The only span that fulfills the condition. */
export function onlySpan(
  spans: readonly ReceivedSpan[],
  condition: (span: ReceivedSpan) => boolean,
): ReceivedSpan {
  const [span, ...others] = spans.filter(condition);
  if (!span || others.length > 0) {
    throw new Error(`Expected one span, got ${JSON.stringify(spans.map(({ name }) => name))}.`);
  }
  return span;
}

/** The tree of spans, by their names; children are in the order of their start. */
export const treeOf = (spans: readonly ReceivedSpan[]): unknown => {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const childrenOf = (parent: ReceivedSpan): unknown => [
    parent.name,
    ...spans.filter((span) => isChild(span, parent)).map(childrenOf),
  ];
  return spans.filter(({ parentSpanId }) => !ids.has(parentSpanId)).map(childrenOf);
};

const isChild = (span: ReceivedSpan, parent: ReceivedSpan): boolean =>
  span.traceId === parent.traceId && span.parentSpanId === parent.spanId;
