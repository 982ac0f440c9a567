/** The environment variables: defaults, valid and invalid values. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Config, InvalidConfig, readConfig } from "../src/config.ts";
import { SETTINGS } from "../src/settings.ts";

/** The configuration value of each variable. */
const READ: Record<keyof typeof SETTINGS, (config: Config) => unknown> = {
  JOB_API_URL: ({ upstream }) => upstream.baseUrl?.href ?? null,
  JOB_SITE_URL: ({ jobSiteUrl }) => jobSiteUrl?.href ?? null,
  BK_APP_CODE: ({ upstream }) => upstream.app?.code ?? null,
  BK_APP_SECRET: ({ upstream }) => upstream.app?.secret ?? null,
  HOST: ({ host }) => host,
  PORT: ({ port }) => port,
  SHUTDOWN_DELAY_MS: ({ shutdownDelayMs }) => shutdownDelayMs,
  WORKERS: ({ workers }) => workers,
  UPSTREAM_TIMEOUT_MS: ({ upstream }) => upstream.timeoutMs,
  UPSTREAM_RETRIES: ({ upstream }) => upstream.retries?.maxRetries ?? null,
  UPSTREAM_RETRY_BACKOFF_MS: ({ upstream }) => upstream.retries?.backoffMs,
  UPSTREAM_RETRY_BUDGET_PERCENT: ({ upstream }) => upstream.retries?.budgetPercent,
  UPSTREAM_BREAKER_PERCENT: ({ upstream }) => upstream.circuitBreaker?.failurePercent ?? null,
  UPSTREAM_BREAKER_MIN_CALLS: ({ upstream }) => upstream.circuitBreaker?.minCalls,
  UPSTREAM_BREAKER_WINDOW_MS: ({ upstream }) => upstream.circuitBreaker?.windowMs,
  UPSTREAM_BREAKER_OPEN_MS: ({ upstream }) => upstream.circuitBreaker?.openMs,
  UPSTREAM_MAX_BODY_BYTES: ({ upstream }) => upstream.maxBodyBytes,
  UPSTREAM_CONNECTIONS: ({ upstream }) => upstream.connections,
  UPSTREAM_MAX_QUEUE: ({ upstream }) => upstream.maxQueue,
  HTTPS_PROXY: ({ upstream }) => upstream.proxy?.https,
  HTTP_PROXY: ({ upstream }) => upstream.proxy?.http,
  NO_PROXY: ({ upstream }) => upstream.proxy?.noProxy,
  SNAPSHOT_MAX_AGE_RUNNING_MS: ({ snapshots }) => snapshots.maxAgeRunningMs,
  SNAPSHOT_MAX_AGE_FINISHED_MS: ({ snapshots }) => snapshots.maxAgeFinishedMs,
  SNAPSHOT_STALE_IF_ERROR_MS: ({ snapshots }) => snapshots.staleIfErrorMs,
  SNAPSHOT_MAX_BYTES: ({ snapshots }) => snapshots.maxBytes,
  LIVE_POLL_SCHEDULE_MS: ({ live }) => live.scheduleMs,
  LIVE_RECHECK_MS: ({ live }) => live.recheckMs,
  LIVE_MAX_FAILURES: ({ live }) => live.maxFailures,
  LIVE_SHARING: ({ live }) => live.sharing,
  LIVE_MAX_VIEWERS: ({ live }) => live.maxSubscriptions,
  LIVE_MAX_VIEWERS_PER_IDENTITY: ({ live }) => live.maxSubscriptionsPerIdentity,
  WEBSOCKET_MAX_CONNECTIONS: ({ webSocket }) => webSocket.maxConnections,
  ALLOWED_ORIGINS: ({ allowedOrigins }) => allowedOrigins,
  MAX_RESPONSE_BYTES: ({ maxResponseBytes }) => maxResponseBytes,
  MAX_BODY_BYTES: ({ maxBodyBytes }) => maxBodyBytes,
  MAX_TOKENS: ({ documentLimits }) => documentLimits.maxTokens,
  MAX_DEPTH: ({ documentLimits }) => documentLimits.maxDepth,
  MAX_FIELDS: ({ documentLimits }) => documentLimits.maxFields,
  MAX_ALIASES: ({ documentLimits }) => documentLimits.maxAliases,
  MAX_ROOT_FIELDS: ({ documentLimits }) => documentLimits.maxRootFields,
  MAX_DIRECTIVES: ({ documentLimits }) => documentLimits.maxDirectives,
  RATE_LIMIT_MAX: ({ rateLimit }) => rateLimit?.max ?? 0,
  // Without a limit, the configuration has no window.
  RATE_LIMIT_WINDOW_MS: ({ rateLimit }) => rateLimit,
  COMPRESSION: ({ compression }) => compression?.encodings ?? null,
  // Without compression, the configuration has no encodings.
  COMPRESSION_ENCODINGS: ({ compression }) => compression,
  MAX_OPERATIONS_IN_FLIGHT: ({ loadShedding }) => loadShedding?.maxOperations,
  MAX_EVENT_LOOP_DELAY_MS: ({ loadShedding }) => loadShedding?.maxEventLoopDelayMs,
  INTROSPECTION: ({ introspection }) => introspection,
  EXPLORER: ({ explorer }) => explorer,
  JOB_PAGE: ({ jobPage }) => jobPage,
  FEDERATION: ({ federation }) => federation,
  TRUSTED_DOCUMENTS: ({ trustedDocuments }) => trustedDocuments?.documents.size ?? null,
  TRUSTED_DOCUMENTS_ONLY: ({ trustedDocuments }) => trustedDocuments?.only ?? false,
  MCP: ({ mcp }) => mcp,
  REDIS_URL: ({ redis }) => redis?.url ?? "",
  REDIS_TIMEOUT_MS: ({ redis }) => redis?.timeoutMs ?? null,
  IDENTITY_KEY: ({ redis }) => redis?.secret ?? "",
  REDIS_SNAPSHOTS: ({ redis }) => redis?.snapshots ?? null,
  REDIS_SNAPSHOT_MAX_BYTES: ({ redis }) => redis?.snapshots?.maxBytes ?? null,
  METRICS: ({ metrics }) => metrics,
  METRICS_PORT: ({ metrics }) => metrics,
  // Without metrics, the configuration has no address. Tested below.
  METRICS_HOST: ({ metrics }) => metrics?.host ?? null,
  OTEL_EXPORTER_OTLP_ENDPOINT: ({ tracing }) => tracing?.url.href ?? null,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ({ tracing }) => tracing?.url.href ?? null,
  OTEL_EXPORTER_OTLP_HEADERS: ({ tracing }) => tracing?.headers ?? null,
  OTEL_EXPORTER_OTLP_PROTOCOL: ({ tracing }) => tracing,
  OTEL_EXPORTER_OTLP_TIMEOUT: ({ tracing }) => tracing?.timeoutMs ?? null,
  OTEL_EXPORTER_OTLP_COMPRESSION: ({ tracing }) => tracing?.compression ?? null,
  OTEL_SERVICE_NAME: ({ tracing }) => tracing?.serviceName ?? null,
  OTEL_RESOURCE_ATTRIBUTES: ({ tracing }) => tracing?.resourceAttributes ?? null,
  OTEL_TRACES_SAMPLER: ({ tracing }) => tracing?.sampler ?? null,
  OTEL_TRACES_SAMPLER_ARG: ({ tracing }) => tracing?.samplerRatio ?? null,
  OTEL_BSP_SCHEDULE_DELAY: ({ tracing }) => tracing?.scheduleDelayMs ?? null,
  OTEL_BSP_MAX_QUEUE_SIZE: ({ tracing }) => tracing?.maxQueueSize ?? null,
  OTEL_SDK_DISABLED: ({ tracing }) => tracing,
  V8_HEAP_GROWING_PERCENT: ({ heapGrowingPercent }) => heapGrowingPercent,
  LOG_LEVEL: ({ logLevel }) => logLevel,
  SLOW_OPERATION_MS: ({ slowOperationMs }) => slowOperationMs,
  EXECUTOR: ({ executor }) => executor,
  SIMULATOR_DIALECT: ({ simulatorDialect }) => simulatorDialect,
};

interface Case {
  readonly default: unknown;
  readonly valid: readonly (readonly [text: string, value: unknown])[];
  readonly invalid: readonly string[];
}

const PROXY: Case = {
  default: "",
  valid: [
    ["http://proxy.example.com:3128", "http://proxy.example.com:3128"],
    ["https://user:password@proxy.example.com", "https://user:password@proxy.example.com"],
  ],
  invalid: ["proxy.example.com:3128", "socks5://proxy.example.com", "3128"],
};

const CASES: Record<keyof typeof SETTINGS, Case> = {
  JOB_API_URL: {
    default: null,
    valid: [
      ["http://127.0.0.1:8080", "http://127.0.0.1:8080/"],
      ["https://bkapi.example.com/api/bk-job/prod", "https://bkapi.example.com/api/bk-job/prod"],
      ["https://bkapi.example.com/api/bk-job/prod/", "https://bkapi.example.com/api/bk-job/prod/"],
      [" http://job.example.com ", "http://job.example.com/"],
    ],
    invalid: [
      "bkapi.example.com",
      "/api/bk-job/prod",
      "ftp://bkapi.example.com",
      "https://user:password@bkapi.example.com",
      "https://user@bkapi.example.com",
      "https://bkapi.example.com/?token=1",
      "https://bkapi.example.com/#top",
      "https://bkapi.example.com/api/bk-job/prod/api/v4",
      "https://bkapi.example.com/api/v4/get_job_instance_status",
    ],
  },
  JOB_SITE_URL: {
    default: null,
    valid: [
      ["https://job.example.com", "https://job.example.com/"],
      ["http://bk.example.com/o/bk_job/", "http://bk.example.com/o/bk_job/"],
    ],
    invalid: [
      "job.example.com",
      "javascript:alert(1)",
      "ftp://job.example.com",
      "https://user:password@job.example.com",
      "https://job.example.com/?a=1",
      "https://job.example.com/#/",
    ],
  },
  // Only valid together: tested below.
  BK_APP_CODE: { default: null, valid: [], invalid: [] },
  BK_APP_SECRET: { default: null, valid: [], invalid: [] },
  HOST: { default: "127.0.0.1", valid: [["0.0.0.0", "0.0.0.0"]], invalid: [] },
  PORT: {
    default: 4000,
    valid: [
      ["0", 0],
      ["65535", 65_535],
    ],
    invalid: ["65536", "-1", "4000.5", "1e3", "http", "0x10"],
  },
  SHUTDOWN_DELAY_MS: { default: 0, valid: [["600000", 600_000]], invalid: ["-1", "5s", "600001"] },
  WORKERS: {
    default: 1,
    valid: [
      ["128", 128],
      ["auto", availableParallelism()],
    ],
    invalid: ["0", "129", "two", "-1", "Auto"],
  },
  UPSTREAM_TIMEOUT_MS: {
    default: 10_000,
    valid: [
      ["1", 1],
      ["86400000", 86_400_000],
    ],
    invalid: ["0", "86400001", "10s", "-5"],
  },
  UPSTREAM_RETRIES: {
    default: 2,
    valid: [
      ["0", null],
      ["10", 10],
    ],
    invalid: ["-1", "11", "some"],
  },
  UPSTREAM_RETRY_BACKOFF_MS: { default: 100, valid: [["0", 0]], invalid: ["-1", "1.5", "86400001"] },
  UPSTREAM_RETRY_BUDGET_PERCENT: { default: 20, valid: [["0", 0]], invalid: ["-1", "1001", "20%"] },
  UPSTREAM_BREAKER_PERCENT: {
    default: 50,
    valid: [
      ["0", null],
      ["100", 100],
    ],
    invalid: ["-1", "101", "half"],
  },
  UPSTREAM_BREAKER_MIN_CALLS: { default: 20, valid: [["1", 1]], invalid: ["0", "1000001", "few"] },
  UPSTREAM_BREAKER_WINDOW_MS: { default: 10_000, valid: [["1", 1]], invalid: ["0", "86400001", "1s"] },
  UPSTREAM_BREAKER_OPEN_MS: { default: 5_000, valid: [["1", 1]], invalid: ["0", "86400001", "1s"] },
  UPSTREAM_MAX_BODY_BYTES: {
    default: 64 * 2 ** 20,
    valid: [
      ["1", 1],
      ["536870912", 2 ** 29],
    ],
    invalid: ["0", "536870913", "64MiB"],
  },
  UPSTREAM_CONNECTIONS: {
    default: 32,
    valid: [
      ["1", 1],
      ["10000", 10_000],
    ],
    invalid: ["0", "10001", "many"],
  },
  UPSTREAM_MAX_QUEUE: { default: 10_000, valid: [["0", 0]], invalid: ["-1", "1000001", "many"] },
  HTTPS_PROXY: PROXY,
  HTTP_PROXY: PROXY,
  NO_PROXY: { default: "", valid: [["localhost, .example.com", "localhost, .example.com"]], invalid: [] },
  SNAPSHOT_MAX_AGE_RUNNING_MS: { default: 1_000, valid: [["0", 0]], invalid: ["-1", "1s", "86400001"] },
  SNAPSHOT_MAX_AGE_FINISHED_MS: { default: 5_000, valid: [["0", 0]], invalid: ["-1", "5s", "86400001"] },
  SNAPSHOT_STALE_IF_ERROR_MS: { default: 0, valid: [["60000", 60_000]], invalid: ["-1", "86400001", "1h"] },
  SNAPSHOT_MAX_BYTES: { default: 2 ** 26, valid: [["0", 0]], invalid: ["-1", "256MiB"] },
  LIVE_POLL_SCHEDULE_MS: {
    default: [1_000, 1_000, 1_000, 1_000, 2_000, 2_000, 2_000, 3_000],
    valid: [
      ["500", [500]],
      ["1, 86400000", [1, 86_400_000]],
    ],
    invalid: ["0", "1000,", "1000;2000", "86400001", "1s", Array(101).fill("1").join()],
  },
  LIVE_RECHECK_MS: { default: 60_000, valid: [["1", 1]], invalid: ["0", "86400001", "1m"] },
  LIVE_MAX_FAILURES: { default: 10, valid: [["1", 1]], invalid: ["0", "1000001", "many"] },
  LIVE_SHARING: { default: "job", valid: [["identity", "identity"]], invalid: ["none", "Job"] },
  LIVE_MAX_VIEWERS: { default: 10_000, valid: [["0", 0]], invalid: ["-1", "1000001"] },
  LIVE_MAX_VIEWERS_PER_IDENTITY: { default: 1_000, valid: [["0", 0]], invalid: ["-1", "1000001"] },
  WEBSOCKET_MAX_CONNECTIONS: { default: 10_000, valid: [["0", 0]], invalid: ["-1", "1000001"] },
  ALLOWED_ORIGINS: {
    default: [],
    valid: [
      ["*", ["*"]],
      ["https://ops.example.com", ["https://ops.example.com"]],
      [
        "https://ops.example.com, http://127.0.0.1:8080",
        ["https://ops.example.com", "http://127.0.0.1:8080"],
      ],
    ],
    invalid: [
      "https://*.example.com",
      "ops.example.com",
      "https://ops.example.com/",
      "https://ops.example.com/page",
      "null",
      "data:x",
    ],
  },
  MAX_RESPONSE_BYTES: {
    default: 67_108_864,
    valid: [["1", 1]],
    invalid: ["0", "536870913", "64MB"],
  },
  MAX_BODY_BYTES: { default: 2 ** 20, valid: [["1", 1]], invalid: ["0", "67108865", "1MiB"] },
  MAX_TOKENS: { default: 10_000, valid: [["1", 1]], invalid: ["0", "100001", "many"] },
  MAX_DEPTH: { default: 60, valid: [["500", 500]], invalid: ["0", "501", "deep"] },
  MAX_FIELDS: { default: 5_000, valid: [["1", 1]], invalid: ["0", "100001", "many"] },
  MAX_ALIASES: { default: 1_000, valid: [["0", 0]], invalid: ["-1", "100001", "many"] },
  MAX_ROOT_FIELDS: { default: 200, valid: [["1", 1]], invalid: ["0", "100001", "many"] },
  MAX_DIRECTIVES: { default: 500, valid: [["0", 0]], invalid: ["-1", "100001", "many"] },
  RATE_LIMIT_MAX: { default: 0, valid: [["600", 600]], invalid: ["-1", "1000000001", "many"] },
  RATE_LIMIT_WINDOW_MS: { default: null, valid: [], invalid: ["0", "86400001", "1m"] },
  COMPRESSION: {
    default: null,
    valid: [["on", ["zstd", "br", "gzip"]]],
    invalid: ["true", "gzip"],
  },
  COMPRESSION_ENCODINGS: { default: null, valid: [], invalid: ["deflate", "gzip,br,zstd,gzip", "br;gzip"] },
  MAX_OPERATIONS_IN_FLIGHT: { default: 20_000, valid: [["0", 0]], invalid: ["-1", "10000001", "many"] },
  MAX_EVENT_LOOP_DELAY_MS: { default: 1_000, valid: [["0", 0]], invalid: ["-1", "86400001", "1s"] },
  INTROSPECTION: { default: true, valid: [["false", false]], invalid: ["0", "no", "False"] },
  EXPLORER: { default: true, valid: [["false", false]], invalid: ["0", "no", "False"] },
  JOB_PAGE: { default: true, valid: [["off", false]], invalid: ["false", "no", "ON"] },
  FEDERATION: {
    default: false,
    valid: [
      ["true", true],
      ["on", true],
      ["off", false],
    ],
    invalid: ["1", "ON", "v2"],
  },
  TRUSTED_DOCUMENTS: {
    default: null,
    valid: [
      ["test/data/trusted-documents/persisted-documents.json", 2],
      ["test/data/trusted-documents/persisted-query-manifest.json", 2],
    ],
    invalid: ["/nowhere/documents.json", "test", "README.md", "package.json"],
  },
  // Only valid with the file: tested with it.
  TRUSTED_DOCUMENTS_ONLY: { default: false, valid: [], invalid: ["0", "yes", "True"] },
  MCP: {
    default: false,
    valid: [
      ["on", true],
      ["off", false],
      ["true", true],
    ],
    invalid: ["1", "On", "stdio"],
  },
  REDIS_URL: {
    default: "",
    valid: [
      ["redis://127.0.0.1", "redis://127.0.0.1"],
      ["rediss://user:p%40ss@redis.example.com:6380/2", "rediss://user:p%40ss@redis.example.com:6380/2"],
    ],
    invalid: [
      "redis.example.com:6379",
      "http://redis.example.com",
      "redis://",
      "redis://host/name",
      "redis://h?db=1",
      "redis://:pa%ss@h",
      "redis://us%er@h",
      "redis://:p%ff@h",
    ],
  },
  // Only read with REDIS_URL: tested below.
  REDIS_TIMEOUT_MS: { default: null, valid: [], invalid: ["0", "10001", "200ms"] },
  IDENTITY_KEY: { default: "", valid: [], invalid: ["x".repeat(31)] },
  REDIS_SNAPSHOTS: { default: null, valid: [], invalid: ["yes", "1"] },
  REDIS_SNAPSHOT_MAX_BYTES: { default: null, valid: [], invalid: ["0", "67108865", "1MiB"] },
  METRICS: {
    default: null,
    valid: [
      ["true", { port: null, host: null }],
      ["false", null],
    ],
    invalid: ["TRUE", "1", "yes"],
  },
  METRICS_PORT: {
    default: null,
    valid: [
      ["9464", { port: 9464, host: null }],
      ["0", { port: 0, host: null }],
    ],
    invalid: ["65536", "-1", "metrics"],
  },
  METRICS_HOST: { default: null, valid: [], invalid: [] },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    default: null,
    valid: [
      ["http://collector:4318", "http://collector:4318/v1/traces"],
      ["https://otlp.example.com/otlp/", "https://otlp.example.com/otlp/v1/traces"],
    ],
    invalid: [
      "collector:4318",
      "grpc://collector:4317",
      "http://user:password@collector:4318",
      "http://a/?token=1",
    ],
  },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: {
    default: null,
    valid: [["http://collector:4318/traces", "http://collector:4318/traces"]],
    invalid: ["collector", "http://user:password@collector:4318"],
  },
  // Without an endpoint, the other settings are only checked. Their values are tested with one.
  OTEL_EXPORTER_OTLP_HEADERS: {
    default: null,
    valid: [],
    invalid: ["token", "a b=c", "=c", "authorization=%zz", "authorization=%0d%0a", "a=1,b"],
  },
  OTEL_EXPORTER_OTLP_PROTOCOL: { default: null, valid: [["grpc", null]], invalid: ["http", "HTTP/JSON"] },
  OTEL_EXPORTER_OTLP_TIMEOUT: { default: null, valid: [], invalid: ["0", "10s", "-1"] },
  OTEL_EXPORTER_OTLP_COMPRESSION: { default: null, valid: [], invalid: ["zstd", "GZIP"] },
  OTEL_SERVICE_NAME: { default: null, valid: [], invalid: [] },
  OTEL_RESOURCE_ATTRIBUTES: { default: null, valid: [], invalid: ["prod", "=prod", "a=%zz"] },
  OTEL_TRACES_SAMPLER: { default: null, valid: [], invalid: ["always", "jaeger_remote", "ALWAYS_ON"] },
  OTEL_TRACES_SAMPLER_ARG: { default: null, valid: [], invalid: ["-1", "1.5", "2", "10%", ".", "1e-3"] },
  OTEL_BSP_SCHEDULE_DELAY: { default: null, valid: [], invalid: ["0", "5s"] },
  OTEL_BSP_MAX_QUEUE_SIZE: { default: null, valid: [], invalid: ["0", "1000001"] },
  OTEL_SDK_DISABLED: { default: null, valid: [["true", null]], invalid: ["1", "no"] },
  V8_HEAP_GROWING_PERCENT: { default: 200, valid: [["0", 0]], invalid: ["-1", "1001"] },
  LOG_LEVEL: { default: "info", valid: [["silent", "silent"]], invalid: ["INFO", "verbose", "30"] },
  SLOW_OPERATION_MS: { default: 5_000, valid: [["0", 0]], invalid: ["-1", "5s", "86400001"] },
  EXECUTOR: {
    default: "compiled",
    valid: [["graphql-js", "graphql-js"]],
    invalid: ["jit", "Compiled"],
  },
  SIMULATOR_DIALECT: {
    default: "release",
    valid: [["contract", "contract"]],
    invalid: ["v3", "Release"],
  },
};

// The compiler checks that every name of SETTINGS is in CASES.
const NAMES = Object.keys(CASES) as (keyof typeof CASES)[];

it("has test cases for every setting", () => {
  expect(NAMES.toSorted()).toEqual(Object.keys(SETTINGS).toSorted());
});

describe.each(NAMES)("%s", (name) => {
  const { default: expected, valid, invalid } = CASES[name];

  it.each([undefined, "", "  "])("has its default if the environment has %j", (text) => {
    expect(READ[name](readConfig({ [name]: text }))).toEqual(expected);
  });

  it.each(valid)("accepts %j", (text, value) => {
    expect(READ[name](readConfig({ [name]: text }))).toEqual(value);
  });

  it.each(invalid)("rejects %j with the variable and the expected values", (text) => {
    expect(() => readConfig({ [name]: text })).toThrow(InvalidConfig);
    expect(() => readConfig({ [name]: text })).toThrow(new RegExp(`^${name}: expected .+, got ".*"\\.$`));
  });
});

it("reports all errors at once, one per line", () => {
  const invalid = { PORT: "none", LOG_LEVEL: "loud", JOB_API_URL: "nowhere", UPSTREAM_CONNECTIONS: "0" };
  const message = messageOf(() => readConfig(invalid));

  const names = message.split("\n").map((line) => line.split(":")[0]);
  expect(names.toSorted()).toEqual(Object.keys(invalid).toSorted());
});

it.each([
  "https://user:hunter22@bkapi.example.com",
  "https://hunter22@bkapi.example.com/x",
  "user:hunter22@bkapi.example.com",
  "https://user:hunt@hunter22@bkapi.example.com",
  "https://bkapi.example.com/?token=hunter22",
  "https://bkapi.example.com/#hunter22",
])("does not repeat the secret of %j", (text) => {
  const message = messageOf(() => readConfig({ JOB_API_URL: text }));

  expect(message).toContain("JOB_API_URL");
  expect(message).not.toContain("hunter22");
});

it("accepts the code and the secret of an app together", () => {
  const config = readConfig({ BK_APP_CODE: "my-app", BK_APP_SECRET: " s3cr3t " });
  expect(config.upstream.app).toEqual({ code: "my-app", secret: "s3cr3t" });
});

it.each([
  [{ BK_APP_CODE: "hunter22" }, 'BK_APP_SECRET: expected a value, because BK_APP_CODE has one, got "".'],
  [
    { BK_APP_SECRET: "hunter22", BK_APP_CODE: " " },
    'BK_APP_CODE: expected a value, because BK_APP_SECRET has one, got "".',
  ],
])("names the variable missing beside %j without its value", (environment, message) => {
  expect(messageOf(() => readConfig(environment))).toBe(message);
});

it("reads the encodings of compressed responses", () => {
  const configured = readConfig({ COMPRESSION: "on", COMPRESSION_ENCODINGS: "br, gzip" });
  expect(configured.compression).toEqual({ encodings: ["br", "gzip"] });
});

it("reads the window of the rate limit", () => {
  expect(readConfig({ RATE_LIMIT_MAX: "10" }).rateLimit).toEqual({ max: 10, windowMs: 60_000 });
  const configured = readConfig({ RATE_LIMIT_MAX: "10", RATE_LIMIT_WINDOW_MS: "500" });
  expect(configured.rateLimit).toEqual({ max: 10, windowMs: 500 });
});

it.each([
  [
    { METRICS: "true", METRICS_PORT: "9464" },
    { port: 9464, host: null },
  ],
  [{ METRICS: "false", METRICS_PORT: "9464" }, null],
])("reads the metrics of %j", (environment, metrics) => {
  expect(readConfig(environment).metrics).toEqual(metrics);
});

it.each([{ METRICS_PORT: "4000" }, { PORT: "9464", METRICS_PORT: "9464" }])(
  "rejects %j, because the metrics need another port than the gateway",
  (environment) => {
    const message = messageOf(() => readConfig(environment));
    expect(message).toMatch(/^METRICS_PORT: expected another port than PORT, got "\d+"\.$/);
  },
);

it("does not show an app secret with other errors", () => {
  const message = messageOf(() => readConfig({ PORT: "none", BK_APP_CODE: "a", BK_APP_SECRET: "hunter22" }));
  expect(message).toMatch(/^PORT: .*$/);
});

it("reads the time limit of Redis commands if there is a Redis", () => {
  const environment = { REDIS_URL: "redis://127.0.0.1" };
  expect(readConfig(environment).redis?.timeoutMs).toBe(200);
  expect(readConfig({ ...environment, REDIS_TIMEOUT_MS: "1" }).redis?.timeoutMs).toBe(1);
});

it("reads what instances share if there is a Redis", () => {
  const key = "hunter22".repeat(4);
  const environment = { REDIS_URL: "redis://127.0.0.1", IDENTITY_KEY: key };
  expect(readConfig(environment).redis?.snapshots).toEqual({ secret: key, maxBytes: 2 ** 20 });
  expect(readConfig({ ...environment, REDIS_SNAPSHOT_MAX_BYTES: "1" }).redis?.snapshots?.maxBytes).toBe(1);
  expect(readConfig({ ...environment, REDIS_SNAPSHOTS: "false" }).redis?.snapshots).toBeNull();
});

it("does not show an identity key that is too short", () => {
  const message = messageOf(() => readConfig({ IDENTITY_KEY: "hunter22" }));
  expect(message).toMatch(/^IDENTITY_KEY: expected a secret of at least 32 characters, got /);
  expect(message).not.toContain("hunter22");
});

it("reads the address of the metrics if they have a port of their own", () => {
  const environment = { METRICS_PORT: "9464", METRICS_HOST: "127.0.0.1" };
  expect(readConfig(environment).metrics).toEqual({ port: 9464, host: "127.0.0.1" });
});

it("rejects an address of the metrics that METRICS=true without METRICS_PORT would ignore", () => {
  const environment = { METRICS: "true", METRICS_HOST: "127.0.0.1" };
  const message = messageOf(() => readConfig(environment));
  expect(message).toMatch(/^METRICS_HOST: expected METRICS_PORT to be set, too, .*, got "127.0.0.1"\.$/);
  expect(readConfig({ ...environment, METRICS: "false" }).metrics).toBeNull();
});

it("does not show the password of Redis", () => {
  const message = messageOf(() => readConfig({ REDIS_URL: "redis://user:hunter22@redis.example.com/x" }));
  expect(message).toContain("REDIS_URL: expected a redis or rediss URL");
  expect(message).not.toContain("hunter22");
  const notEncoded = messageOf(() => readConfig({ REDIS_URL: "redis://:hunter22%@redis.example.com" }));
  expect(notEncoded).toContain("percent-encoded");
  expect(notEncoded).not.toContain("hunter22");
});

describe("ALLOWED_ORIGINS", () => {
  const APP = { BK_APP_CODE: "my-app", BK_APP_SECRET: "hunter22" };

  it.each(["*", " * ", "https://ops.example.com, *"])(
    "must be exact origins if login cookies are enabled: %j is an error",
    (origins) => {
      expect(messageOf(() => readConfig({ ...APP, ALLOWED_ORIGINS: origins }))).toBe(
        'ALLOWED_ORIGINS: expected the exact origins of pages, because BK_APP_CODE enables login cookies, got "*".',
      );
    },
  );

  it("may be exact origins if login cookies are enabled", () => {
    const origins = "https://ops.example.com,https://b.example.com";
    expect(readConfig({ ...APP, ALLOWED_ORIGINS: origins }).allowedOrigins).toEqual(origins.split(","));
  });
});

it.each([
  ["REDIS_URL", "redis://user:hunter22"],
  ["REDIS_URL", "redis://h:6379/hunter22"],
  ["HTTP_PROXY", "user:hunter22"],
  ["HTTPS_PROXY", "ftp://user:hunter22@proxy.example.com"],
])("shows nothing of an invalid secret: %s", (name, value) => {
  const message = messageOf(() => readConfig({ [name]: value }));
  expect(message).toMatch(new RegExp(`^${name}: expected .*, got "\\*\\*\\*"\\.$`));
  expect(message).not.toContain("hunter22");
});

describe("a secret from a file", () => {
  const SECRETS = [
    "BK_APP_SECRET",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "REDIS_URL",
    "IDENTITY_KEY",
    "OTEL_EXPORTER_OTLP_HEADERS",
  ] as const;
  const VALUES = {
    BK_APP_SECRET: "hunter22",
    HTTPS_PROXY: "http://user:hunter22@proxy.example.com",
    HTTP_PROXY: "http://user:hunter22@proxy.example.com",
    REDIS_URL: "rediss://user:hunter22@redis.example.com:6379/0",
    IDENTITY_KEY: "hunter22".repeat(4),
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=hunter22",
  };
  /** The value in the configuration, if it is not the text. */
  const PARSED: Partial<Record<keyof typeof VALUES, unknown>> = {
    OTEL_EXPORTER_OTLP_HEADERS: { authorization: "hunter22" },
  };
  /** What the other settings must be. */
  const REST = {
    BK_APP_SECRET: { BK_APP_CODE: "my-app" },
    HTTPS_PROXY: {},
    HTTP_PROXY: {},
    REDIS_URL: {},
    IDENTITY_KEY: { REDIS_URL: "redis://127.0.0.1" },
    OTEL_EXPORTER_OTLP_HEADERS: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" },
  };

  const useFile = (content: string | Buffer) => {
    const folder = mkdtempSync(join(tmpdir(), "config-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "secret");
    writeFileSync(path, content);
    return path;
  };

  it("is possible for every setting that is a secret", () => {
    const marked = Object.entries(SETTINGS).filter(([, setting]) => "isSecret" in setting);
    expect(marked.map(([name]) => name)).toEqual(SECRETS);
    for (const [name, { meaning }] of marked) expect(meaning).toContain(`\`${name}_FILE\``);
  });

  describe.each(SECRETS)("%s_FILE", (name) => {
    const variable = `${name}_FILE`;
    const readFrom = (path: string, others: Record<string, string> = REST[name]) =>
      readConfig({ ...others, [variable]: path });

    it.each(["", "\n", "\r\n"])("is its content without the trailing line break %j", (end) => {
      expect(READ[name](readFrom(useFile(VALUES[name] + end)))).toEqual(PARSED[name] ?? VALUES[name]);
    });

    it("has no byte order mark", () => {
      expect(READ[name](readFrom(useFile(`\uFEFF${VALUES[name]}`)))).toEqual(PARSED[name] ?? VALUES[name]);
    });

    it("is an error beside the setting itself", () => {
      const path = useFile(`${VALUES[name]}\n`);
      expect(messageOf(() => readFrom(path, { ...REST[name], [name]: VALUES[name] }))).toBe(
        `${variable}: expected no value, because ${name} has one, got ${JSON.stringify(path)}.`,
      );
    });

    it("is an error if there is no such file", () => {
      const path = `${useFile("")}-missing`;
      expect(messageOf(() => readFrom(path))).toBe(
        `${variable}: expected a readable file in UTF-8, got ENOENT for ${JSON.stringify(path)}.`,
      );
    });

    it("is an error if it is a folder", () => {
      expect(messageOf(() => readFrom(tmpdir()))).toMatch(/, got EISDIR for "/);
    });

    it.each(["", "\n", "  \r\n"])("is an error if the file is empty: %j", (content) => {
      const path = useFile(content);
      expect(messageOf(() => readFrom(path))).toBe(
        `${variable}: expected a file with a value, got an empty file, ${JSON.stringify(path)}.`,
      );
    });

    it("is an error without its content if the file is not in UTF-8", () => {
      const path = useFile(Buffer.from("hunter22\xff", "latin1"));
      const message = messageOf(() => readFrom(path));
      expect(message).toMatch(new RegExp(`^${variable}: expected a readable file in UTF-8, got \\w+ for "`));
      expect(message).toContain(JSON.stringify(path));
      expect(message).not.toContain("hunter22");
    });

    it("counts as not set if the variable is empty", () => {
      expect(READ[name](readConfig({ [variable]: " " }))).toEqual(CASES[name].default);
    });
  });

  it("keeps other white space", () => {
    const path = useFile(" hunter 22\n\n");
    const { app } = readConfig({ BK_APP_CODE: "my-app", BK_APP_SECRET_FILE: path }).upstream;
    expect(app?.secret).toBe(" hunter 22\n");
  });

  it("is checked like the setting, and its content is not shown", () => {
    const path = useFile("socks5://user:hunter22@proxy.example.com");
    expect(messageOf(() => readConfig({ HTTPS_PROXY_FILE: path }))).toBe(
      `HTTPS_PROXY_FILE: expected a file with an http or https URL, got other content in ${JSON.stringify(path)}.`,
    );
  });

  it("is an error beside the lower-case name of the setting", () => {
    const environment = { HTTPS_PROXY_FILE: useFile("http://file"), https_proxy: "http://lower" };
    expect(messageOf(() => readConfig(environment))).toMatch(/^HTTPS_PROXY_FILE: expected no value/);
  });

  it("requires the app code, too", () => {
    expect(messageOf(() => readConfig({ BK_APP_SECRET_FILE: useFile("hunter22") }))).toBe(
      'BK_APP_CODE: expected a value, because BK_APP_SECRET_FILE has one, got "".',
    );
  });

  it("is not read for other settings", () => {
    expect(readConfig({ PORT_FILE: "/nowhere", BK_APP_CODE_FILE: "/nowhere" }).port).toBe(4000);
  });
});

it.each(["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"] as const)("prefers the lower case of %s", (name) => {
  const environment = { [name]: "http://upper", [name.toLowerCase()]: "http://lower" };
  expect(READ[name](readConfig(environment))).toBe("http://lower");
});

it("does not show the password of a proxy", () => {
  const message = messageOf(() => readConfig({ HTTPS_PROXY: "socks5://user:hunter22@proxy.example.com" }));
  expect(message).toContain("HTTPS_PROXY");
  expect(message).not.toContain("hunter22");
});

describe("tracing", () => {
  const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" };

  it("has the defaults of OpenTelemetry", () => {
    expect(readConfig(ENDPOINT).tracing).toEqual({
      url: new URL("http://collector:4318/v1/traces"),
      headers: {},
      timeoutMs: 10_000,
      compression: "none",
      serviceName: null,
      resourceAttributes: {},
      sampler: "parentbased_always_on",
      samplerRatio: 1,
      scheduleDelayMs: 5_000,
      maxQueueSize: 2_048,
    });
  });

  it("reads the standard variables", () => {
    const environment = {
      ...ENDPOINT,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://traces.example.com/in",
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20a=b, x-scope = prod",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_EXPORTER_OTLP_TIMEOUT: "3000",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_SERVICE_NAME: "jobs",
      OTEL_RESOURCE_ATTRIBUTES: "service.namespace=ops,team=a%2Cb",
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.25",
      OTEL_BSP_SCHEDULE_DELAY: "100",
      OTEL_BSP_MAX_QUEUE_SIZE: "10",
      OTEL_SDK_DISABLED: "false",
    };
    expect(readConfig(environment).tracing).toEqual({
      url: new URL("https://traces.example.com/in"),
      headers: { authorization: "Bearer a=b", "x-scope": "prod" },
      timeoutMs: 3_000,
      compression: "gzip",
      serviceName: "jobs",
      resourceAttributes: { "service.namespace": "ops", team: "a,b" },
      sampler: "parentbased_traceidratio",
      samplerRatio: 0.25,
      scheduleDelayMs: 100,
      maxQueueSize: 10,
    });
  });

  it.each(["", "1000"])("prefers variables for traces only, unless they are empty: %j", (timeout) => {
    const environment = { ...ENDPOINT, OTEL_EXPORTER_OTLP_TIMEOUT: "2000" };
    const { tracing } = readConfig({ ...environment, OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: timeout });
    expect(tracing?.timeoutMs).toBe(Number(timeout || 2000));
  });

  it("is off if the SDK is disabled, whatever the protocol is", () => {
    const disabled = { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc", OTEL_SDK_DISABLED: "true" };
    expect(readConfig(disabled).tracing).toBeNull();
  });

  it.each(["grpc", "http/json"])("does not support the protocol %s", (protocol) => {
    expect(messageOf(() => readConfig({ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: protocol }))).toBe(
      `OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf, which collectors usually serve on port 4318, got "${protocol}".`,
    );
  });

  it("names the variable for traces if that is invalid", () => {
    expect(messageOf(() => readConfig({ ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "soon" }))).toBe(
      'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: expected a whole number from 1 to 86400000, got "soon".',
    );
    expect(messageOf(() => readConfig({ OTEL_EXPORTER_OTLP_TRACES_HEADERS_FILE: "/missing" }))).toBe(
      'OTEL_EXPORTER_OTLP_TRACES_HEADERS_FILE: expected a readable file in UTF-8, got ENOENT for "/missing".',
    );
  });

  it("does not show invalid headers", () => {
    const message = messageOf(() => readConfig({ OTEL_EXPORTER_OTLP_HEADERS: "authorization hunter22" }));
    expect(message).toBe(
      'OTEL_EXPORTER_OTLP_HEADERS: expected comma-separated name=value pairs with percent-encoded values, got "***".',
    );
  });
});

it("ignores variables with other names", () => {
  expect(readConfig({ PORTS: "none", port: "none", NODE_ENV: "test" }).port).toBe(4000);
});

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error("Expected an error, got none.");
}
