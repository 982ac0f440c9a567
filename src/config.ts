/** The configuration: reads and validates the settings of the environment. */
import type { z } from "zod";
import { type ConfigText, type Environment, readConfigText, sourceOf } from "./config-text.ts";
import type { GatewayConfig } from "./gateway.ts";
import { SETTINGS } from "./settings.ts";
import type { Dialect } from "./simulator/simulator.ts";
import { readTrustedDocuments } from "./trusted-documents.ts";

export interface Config extends Omit<GatewayConfig, "upstream" | "demoJobs"> {
  readonly upstream: Omit<GatewayConfig["upstream"], "baseUrl" | "defaultAuthorization"> & {
    /** Null: run on the embedded simulator. */
    readonly baseUrl: URL | null;
  };
  readonly simulatorDialect: Dialect;
  /** Number of processes that serve requests. */
  readonly workers: number;
  /** How long requests are still served after a signal, in milliseconds. */
  readonly shutdownDelayMs: number;
  /** 0: V8's default. */
  readonly heapGrowingPercent: number;
}

/** The environment contains invalid values. The message has one line per error. */
export class InvalidConfig extends Error {
  override readonly name = "InvalidConfig";
}

type Values = { [Name in keyof typeof SETTINGS]: z.output<(typeof SETTINGS)[Name]["check"]> };

/**
 * Reads the configuration from `environment`. An empty variable counts as not set.
 * @throws InvalidConfig with all errors at once.
 */
export function readConfig(environment: Environment): Config {
  const errors: string[] = [];
  const entries = Object.entries(SETTINGS).map(([name, setting]) => {
    const found = readConfigText(environment, name, "isSecret" in setting);
    if ("error" in found) {
      errors.push(found.error);
      return [name, undefined];
    }
    const text = found.text || setting.default;
    const result = setting.check.safeParse(text);
    if (!result.success) {
      const shown = "isSecret" in setting ? '"***"' : redacted(text);
      errors.push(invalidValue(found, result.error.issues[0]?.message ?? "another value", shown));
    }
    return [name, result.data];
  });
  errors.push(...appErrors(environment), ...originErrors(environment));
  // Each entry is the output of the check of its setting, which is the definition of `Values`, or undefined if invalid.
  const values = Object.fromEntries(entries) as Partial<Values>;
  errors.push(...portErrors(values), ...metricsHostErrors(values), ...tracingErrors(values));
  const trustedDocuments = trustedDocumentsOf(values, errors);
  if (errors.length > 0) throw new InvalidConfig(errors.join("\n"));
  return toConfig(values as Values, trustedDocuments);
}

function trustedDocumentsOf(
  {
    TRUSTED_DOCUMENTS: path = "",
    TRUSTED_DOCUMENTS_ONLY: only = false,
    INTROSPECTION: introspection = true,
    FEDERATION: federation = false,
    ...values
  }: Partial<Values>,
  errors: string[],
): Config["trustedDocuments"] {
  if (path === "") {
    if (only)
      errors.push('TRUSTED_DOCUMENTS: expected a file, because TRUSTED_DOCUMENTS_ONLY is true, got "".');
    return null;
  }
  const file = readTrustedDocuments(path, { introspection, federation, limits: documentLimits(values) });
  errors.push(...file.errors.map((error) => `TRUSTED_DOCUMENTS: ${error}`));
  return { documents: file.documents, only };
}

function invalidValue({ variable, file }: FoundText, expected: string, shown: string): string {
  if (file === null) return `${variable}: expected ${expected}, got ${shown}.`;
  return `${variable}: expected a file with ${expected}, got other content in ${JSON.stringify(file)}.`;
}

type FoundText = Exclude<ConfigText, { readonly error: string }>;

/** The app code and its secret must be set together. The message shows neither. */
function appErrors(environment: Environment): string[] {
  const code = sourceOf(environment, "BK_APP_CODE", false);
  const secret = sourceOf(environment, "BK_APP_SECRET", true);
  if ((code === null) === (secret === null)) return [];
  const missing = code === null ? "BK_APP_CODE" : "BK_APP_SECRET";
  return [`${missing}: expected a value, because ${code ?? secret} has one, got "".`];
}

/**
 * Pages of any origin must not use login cookies: with the app's code and secret, a cookie is all that a page needs to
 * act as its user, and browsers send cookies with WebSockets whatever the CORS headers say.
 */
function originErrors(environment: Environment): string[] {
  const origins = environment.ALLOWED_ORIGINS?.split(",").map((origin) => origin.trim()) ?? [];
  if (!origins.includes("*") || sourceOf(environment, "BK_APP_CODE", false) === null) return [];
  return [
    'ALLOWED_ORIGINS: expected the exact origins of pages, because BK_APP_CODE enables login cookies, got "*".',
  ];
}

/** The metrics must have another port than the gateway. Two free ports (0) differ. */
const portErrors = ({ PORT, METRICS_PORT }: Partial<Values>): string[] =>
  METRICS_PORT && METRICS_PORT === PORT
    ? [`METRICS_PORT: expected another port than PORT, got "${METRICS_PORT}".`]
    : [];

/** Metrics on the port of the gateway have its host: whoever sets another one must not believe that it applies. */
const metricsHostErrors = ({ METRICS, METRICS_HOST, METRICS_PORT }: Partial<Values>): string[] =>
  METRICS && METRICS_HOST && METRICS_PORT === null
    ? [
        `METRICS_HOST: expected METRICS_PORT to be set, too, because METRICS=true serves metrics at HOST and PORT, got "${METRICS_HOST}".`,
      ]
    : [];

const isTracing = (values: Partial<Values>): boolean =>
  !values.OTEL_SDK_DISABLED &&
  Boolean(values.OTEL_EXPORTER_OTLP_ENDPOINT ?? values.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);

/** Other protocols are allowed without tracing, because all services of a machine may have the same environment. */
const tracingErrors = (values: Partial<Values>): string[] => {
  const { OTEL_EXPORTER_OTLP_PROTOCOL: protocol } = values;
  if (!isTracing(values) || protocol === undefined || protocol === "http/protobuf") return [];
  return [
    `OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf, which collectors usually serve on port 4318, got "${protocol}".`,
  ];
};

function tracingOf(values: Values): Config["tracing"] {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own } = values;
  const url = own ?? (base && new URL(`${base.href.replace(/\/$/, "")}/v1/traces`));
  if (url === null || !isTracing(values)) return null;
  return {
    url,
    headers: values.OTEL_EXPORTER_OTLP_HEADERS,
    timeoutMs: values.OTEL_EXPORTER_OTLP_TIMEOUT,
    compression: values.OTEL_EXPORTER_OTLP_COMPRESSION,
    serviceName: values.OTEL_SERVICE_NAME,
    resourceAttributes: values.OTEL_RESOURCE_ATTRIBUTES,
    sampler: values.OTEL_TRACES_SAMPLER,
    samplerRatio: values.OTEL_TRACES_SAMPLER_ARG,
    scheduleDelayMs: values.OTEL_BSP_SCHEDULE_DELAY,
    maxQueueSize: values.OTEL_BSP_MAX_QUEUE_SIZE,
  };
}

/**
 * Redacts an invalid value that should have no secrets: removes the parts of a URL that may be secret nevertheless,
 * credentials and query.
 */
const redacted = (text: string): string =>
  JSON.stringify(
    text
      .replace(/.*@/s, "***@")
      .replace(/[?#].*/s, "?***")
      .slice(0, MAX_SHOWN_CHARACTERS),
  );

const MAX_SHOWN_CHARACTERS = 200;

/** A limit that is invalid is reported, and does not matter for other errors. */
const documentLimits = (values: Partial<Values>): Config["documentLimits"] => ({
  maxTokens: values.MAX_TOKENS ?? Number.POSITIVE_INFINITY,
  maxDepth: values.MAX_DEPTH ?? Number.POSITIVE_INFINITY,
  maxFields: values.MAX_FIELDS ?? Number.POSITIVE_INFINITY,
  maxAliases: values.MAX_ALIASES ?? Number.POSITIVE_INFINITY,
  maxRootFields: values.MAX_ROOT_FIELDS ?? Number.POSITIVE_INFINITY,
  maxDirectives: values.MAX_DIRECTIVES ?? Number.POSITIVE_INFINITY,
});

const toConfig = (values: Values, trustedDocuments: Config["trustedDocuments"]): Config => ({
  host: values.HOST,
  port: values.PORT,
  logLevel: values.LOG_LEVEL,
  slowOperationMs: values.SLOW_OPERATION_MS,
  executor: values.EXECUTOR,
  maxResponseBytes: values.MAX_RESPONSE_BYTES,
  maxBodyBytes: values.MAX_BODY_BYTES,
  documentLimits: documentLimits(values),
  compression: values.COMPRESSION === "on" ? { encodings: values.COMPRESSION_ENCODINGS } : null,
  loadShedding: {
    maxOperations: values.MAX_OPERATIONS_IN_FLIGHT,
    maxEventLoopDelayMs: values.MAX_EVENT_LOOP_DELAY_MS,
  },
  rateLimit:
    values.RATE_LIMIT_MAX === 0
      ? null
      : { max: values.RATE_LIMIT_MAX, windowMs: values.RATE_LIMIT_WINDOW_MS },
  introspection: values.INTROSPECTION,
  federation: values.FEDERATION,
  explorer: values.EXPLORER,
  jobPage: values.JOB_PAGE,
  jobSiteUrl: values.JOB_SITE_URL,
  trustedDocuments,
  mcp: values.MCP,
  snapshots: {
    maxAgeRunningMs: values.SNAPSHOT_MAX_AGE_RUNNING_MS,
    maxAgeFinishedMs: values.SNAPSHOT_MAX_AGE_FINISHED_MS,
    staleIfErrorMs: values.SNAPSHOT_STALE_IF_ERROR_MS,
    maxBytes: values.SNAPSHOT_MAX_BYTES,
  },
  live: {
    scheduleMs: values.LIVE_POLL_SCHEDULE_MS,
    recheckMs: values.LIVE_RECHECK_MS,
    maxFailures: values.LIVE_MAX_FAILURES,
    sharing: values.LIVE_SHARING,
    maxSubscriptions: values.LIVE_MAX_VIEWERS,
    maxSubscriptionsPerIdentity: values.LIVE_MAX_VIEWERS_PER_IDENTITY,
  },
  webSocket: { maxConnections: values.WEBSOCKET_MAX_CONNECTIONS },
  allowedOrigins: values.ALLOWED_ORIGINS,
  upstream: {
    baseUrl: values.JOB_API_URL,
    timeoutMs: values.UPSTREAM_TIMEOUT_MS,
    maxBodyBytes: values.UPSTREAM_MAX_BODY_BYTES,
    connections: values.UPSTREAM_CONNECTIONS,
    maxQueue: values.UPSTREAM_MAX_QUEUE,
    retries:
      values.UPSTREAM_RETRIES === 0
        ? null
        : {
            maxRetries: values.UPSTREAM_RETRIES,
            backoffMs: values.UPSTREAM_RETRY_BACKOFF_MS,
            budgetPercent: values.UPSTREAM_RETRY_BUDGET_PERCENT,
          },
    circuitBreaker:
      values.UPSTREAM_BREAKER_PERCENT === 0
        ? null
        : {
            failurePercent: values.UPSTREAM_BREAKER_PERCENT,
            minCalls: values.UPSTREAM_BREAKER_MIN_CALLS,
            windowMs: values.UPSTREAM_BREAKER_WINDOW_MS,
            openMs: values.UPSTREAM_BREAKER_OPEN_MS,
          },
    proxy: { http: values.HTTP_PROXY, https: values.HTTPS_PROXY, noProxy: values.NO_PROXY },
    app: values.BK_APP_CODE === "" ? null : { code: values.BK_APP_CODE, secret: values.BK_APP_SECRET },
  },
  redis:
    values.REDIS_URL === ""
      ? null
      : {
          url: values.REDIS_URL,
          timeoutMs: values.REDIS_TIMEOUT_MS,
          secret: values.IDENTITY_KEY,
          snapshots: values.REDIS_SNAPSHOTS
            ? { secret: values.IDENTITY_KEY, maxBytes: values.REDIS_SNAPSHOT_MAX_BYTES }
            : null,
        },
  // A port of their own is reason enough to serve them.
  metrics:
    (values.METRICS ?? values.METRICS_PORT !== null)
      ? { port: values.METRICS_PORT, host: values.METRICS_HOST }
      : null,
  tracing: tracingOf(values),
  heapGrowingPercent: values.V8_HEAP_GROWING_PERCENT,
  workers: values.WORKERS,
  shutdownDelayMs: values.SHUTDOWN_DELAY_MS,
  simulatorDialect: values.SIMULATOR_DIALECT,
});
