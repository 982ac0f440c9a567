/**
 * The settings for tracing: the standard environment variables of OpenTelemetry that the gateway reads. Part of
 * `settings.ts`.
 */
import { z } from "zod";
import {
  enumOf,
  flag,
  isPlainUrl,
  keyValues,
  MAX_MS,
  optional,
  ratio,
  wholeNumber,
} from "./config-checks.ts";

const SAMPLERS = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

const collectorUrl = optional(
  z
    .string()
    // Credentials belong into the headers.
    .refine(isPlainUrl, { error: "an http or https URL without credentials, query or fragment" })
    .transform((text) => new URL(text)),
);

export const TRACING_SETTINGS = {
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    default: "",
    meaning:
      "Base URL of an OpenTelemetry collector, such as `http://127.0.0.1:4318`; traces are sent to `/v1/traces` below it. If neither this nor `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is set, there is no tracing.",
    check: collectorUrl,
  },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: {
    default: "",
    meaning:
      "URL that traces are sent to, with its path. It takes precedence over `OTEL_EXPORTER_OTLP_ENDPOINT`.",
    check: collectorUrl,
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    default: "",
    meaning:
      "Headers for the collector: comma-separated, with percent-encoded values, such as `authorization=Bearer%20token`. `OTEL_EXPORTER_OTLP_HEADERS_FILE` can name a file with them instead. They never appear in logs, errors or responses.",
    check: keyValues({ name: /^[\w!#$%&'*+.^`|~-]+$/, value: /^[\x20-\x7e]*$/ }),
    isSecret: true,
  },
  OTEL_EXPORTER_OTLP_PROTOCOL: {
    default: "http/protobuf",
    meaning:
      "Protocol of the collector. With tracing, it must be `http/protobuf`; collectors serve it on port 4318, and `grpc` on port 4317.",
    check: enumOf(["http/protobuf", "http/json", "grpc"]),
  },
  OTEL_EXPORTER_OTLP_TIMEOUT: {
    default: "10000",
    meaning: "Timeout of one export in milliseconds, including its retries.",
    check: wholeNumber(1, MAX_MS),
  },
  OTEL_EXPORTER_OTLP_COMPRESSION: {
    default: "none",
    meaning: "Compression of exports: `none` or `gzip`.",
    check: enumOf(["none", "gzip"]),
  },
  OTEL_SERVICE_NAME: {
    default: "",
    meaning: "Name of the service in traces. By default `bk-job-graphql`.",
    check: optional(z.string()),
  },
  OTEL_RESOURCE_ATTRIBUTES: {
    default: "",
    meaning:
      "Attributes of all traces: comma-separated, with percent-encoded values, such as `deployment.environment.name=prod`.",
    check: keyValues({ name: /^.+$/, value: /^.*$/s }),
  },
  OTEL_TRACES_SAMPLER: {
    default: "parentbased_always_on",
    meaning: `Which traces are recorded: ${SAMPLERS.map((name) => `\`${name}\``).join(", ")}. A \`parentbased\` sampler follows the decision of the request's \`traceparent\`.`,
    check: enumOf(SAMPLERS),
  },
  OTEL_TRACES_SAMPLER_ARG: {
    default: "1",
    meaning: "Ratio of recorded traces for the samplers with `traceidratio`, from 0 to 1.",
    check: ratio,
  },
  OTEL_BSP_SCHEDULE_DELAY: {
    default: "5000",
    meaning: "Delay between two exports in milliseconds.",
    check: wholeNumber(1, MAX_MS),
  },
  OTEL_BSP_MAX_QUEUE_SIZE: {
    default: "2048",
    meaning: "Maximum number of spans that wait for an export. Further spans are dropped.",
    check: wholeNumber(1, 1_000_000),
  },
  OTEL_SDK_DISABLED: {
    default: "false",
    meaning: "If `true`, there is no tracing, whatever the endpoint is.",
    check: flag,
  },
} as const;
