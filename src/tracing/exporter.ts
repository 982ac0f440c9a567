/**
 * Sends spans to a collector over OTLP/HTTP. Nothing waits for it: spans are queued, and if the collector is too slow, a full
 * queue drops further spans.
 */
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchSpanProcessor, type SpanExporter, type SpanProcessor } from "@opentelemetry/sdk-trace";

export interface ExporterOptions {
  /** Where the spans are sent, with its path. */
  readonly url: URL;
  /** May contain secrets. */
  readonly headers: Readonly<Record<string, string>>;
  /** Timeout of one export, including its retries. */
  readonly timeoutMs: number;
  readonly compression: "none" | "gzip";
  /** How long a span is queued at most before it is sent, if the collector is fast enough. */
  readonly scheduleDelayMs: number;
  /** Maximum number of queued spans. */
  readonly maxQueueSize: number;
}

export interface TracingLogger {
  readonly warn: (fields: object, message: string) => void;
}

/** Maximum number of spans of one export. Encoding that many blocks the event loop for a few milliseconds. */
const MAX_BATCH_SIZE = 256;

/** @param logger gets a line when exports fail, at most one per minute. */
export function createSpanProcessor(options: ExporterOptions, logger: TracingLogger): SpanProcessor {
  const { url, headers, timeoutMs, compression, scheduleDelayMs, maxQueueSize } = options;
  const exporter = new OTLPTraceExporter({
    url: url.href,
    headers: { ...headers },
    timeoutMillis: timeoutMs,
    compression: compression as CompressionAlgorithm,
    // There is one export at a time, but at shutdown, all queued spans are sent at once.
    concurrencyLimit: Math.ceil(maxQueueSize / MAX_BATCH_SIZE) + 1,
  });
  return new BatchSpanProcessor({
    exporter: logFailures(exporter, logger),
    scheduledDelayMillis: scheduleDelayMs,
    maxQueueSize,
    maxExportBatchSize: Math.min(MAX_BATCH_SIZE, maxQueueSize),
    // Only a limit in addition to that of the exporter, which a collector can exceed that sends its response byte by byte.
    exportTimeoutMillis: 2 * timeoutMs,
  });
}

/** The enumeration of the library, which cannot be imported with `isolatedModules`. */
type CompressionAlgorithm = NonNullable<
  NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>["compression"]
>;

const LOG_INTERVAL_MS = 60_000;

function logFailures(exporter: SpanExporter, logger: TracingLogger): SpanExporter {
  let loggedAt = -Infinity;
  let failedExports = 0;
  const log = (error: unknown) => {
    failedExports += 1;
    if (performance.now() - loggedAt < LOG_INTERVAL_MS) return;
    logger.warn({ reason: reasonOf(error), failedExports }, "traces could not be exported");
    loggedAt = performance.now();
    failedExports = 0;
  };
  return {
    export: (spans, onResult) =>
      exporter.export(spans, (result: ExportResult) => {
        if (result.code !== ExportResultCode.SUCCESS) log(result.error);
        onResult(result);
      }),
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}

/** Messages of the library that have no code. */
const REASONS = new Map([
  ["Request timed out", "timeout"],
  ["Export failed with retryable status", "the collector is overloaded (HTTP 429, 502, 503 or 504)"],
  ["Concurrent export limit reached", "too many exports in progress"],
]);

/**
 * Never the message of the error, which may contain what the collector has sent, such as the rejected headers: an HTTP status,
 * or a code of Node.js such as ECONNREFUSED.
 */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const code = "code" in error ? error.code : undefined;
  if (typeof code === "number") return `HTTP ${code}`;
  return typeof code === "string" ? code : (REASONS.get(error.message) ?? error.name);
}
