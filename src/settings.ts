/** The settings: every environment variable that the gateway reads, with its default, its meaning and its check. */
import { z } from "zod";
import {
  commaSeparated,
  enumOf,
  flag,
  isOrigin,
  MAX_MS,
  optional,
  proxyUrl,
  wholeNumber,
  workerCount,
} from "./config-checks.ts";
import { FAILURE_SETTINGS } from "./settings-failures.ts";
import { PAGE_SETTINGS } from "./settings-pages.ts";
import { REDIS_SETTINGS } from "./settings-redis.ts";
import { REQUEST_SETTINGS } from "./settings-requests.ts";
import { SITE_SETTINGS } from "./settings-sites.ts";
import { TRACING_SETTINGS } from "./settings-tracing.ts";
import type { Dialect } from "./simulator/simulator.ts";

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
const DIALECTS = ["contract", "release"] as const satisfies readonly Dialect[];

/** One environment variable. `docs/configuration.md` lists `default` and `meaning`; a test compares them. */
interface Setting {
  readonly default: string;
  readonly meaning: string;
  readonly check: z.ZodType<unknown, string>;
  /**
   * The value is a secret or contains one. The variable `<NAME>_FILE` can name a file with the value instead. Errors never
   * show it, because the secret part of an invalid value cannot be found.
   */
  readonly isSecret?: true;
}

/** Longer than any load balancer takes to stop sending requests. */
const MAX_SHUTDOWN_DELAY_MS = 600_000;

export const SETTINGS = {
  ...SITE_SETTINGS,
  BK_APP_CODE: {
    default: "",
    meaning:
      "App code to send for users who present only a login cookie. Set it together with `BK_APP_SECRET`.",
    check: z.string(),
  },
  BK_APP_SECRET: {
    default: "",
    meaning:
      "Secret of that app. `BK_APP_SECRET_FILE` can name a file with it instead. It never appears in logs, errors or responses.",
    check: z.string(),
    isSecret: true,
  },
  HOST: {
    default: "127.0.0.1",
    meaning: "Address to listen on. Use `0.0.0.0` in a container.",
    check: z.string(),
  },
  PORT: {
    default: "4000",
    meaning: "Port to listen on. `0` picks a free port.",
    check: wholeNumber(0, 65_535),
  },
  SHUTDOWN_DELAY_MS: {
    default: "0",
    meaning:
      "How long requests are still served after SIGTERM, in milliseconds, while `/readyz` already responds 503. Set it to at least the time that the load balancer needs to notice. Shutdown then takes up to 5 seconds more.",
    check: wholeNumber(0, MAX_SHUTDOWN_DELAY_MS),
  },
  WORKERS: {
    default: "1",
    meaning:
      "Number of processes on this machine that serve requests: `auto` for one per CPU, or a number. Limits, caches and upstream connections apply to each of them: see [Workers](deployment.md#workers).",
    check: workerCount,
  },
  UPSTREAM_TIMEOUT_MS: {
    default: "10000",
    meaning:
      "Timeout of one upstream call in milliseconds, including the wait for a connection and all retries.",
    check: wholeNumber(1, MAX_MS),
  },
  ...FAILURE_SETTINGS,
  UPSTREAM_MAX_BODY_BYTES: {
    default: "67108864",
    meaning:
      "Maximum size of an upstream response body in bytes, before and after decompression. 50 000 hosts take 8 to 19 MB.",
    check: wholeNumber(1, 2 ** 29),
  },
  UPSTREAM_CONNECTIONS: {
    default: "32",
    meaning: "Maximum number of connections to the upstream, and therefore of concurrent upstream calls.",
    check: wholeNumber(1, 10_000),
  },
  UPSTREAM_MAX_QUEUE: {
    default: "10000",
    meaning:
      "Maximum number of upstream calls that wait for a connection; further calls fail immediately. Connections and queue are shared fairly: one identity gets at most three quarters of either.",
    check: wholeNumber(0, 1_000_000),
  },
  HTTPS_PROXY: {
    default: "",
    meaning:
      "Proxy for an HTTPS upstream, such as `http://user:password@proxy.example.com:3128`. `HTTPS_PROXY_FILE` can name a file with the URL instead.",
    check: proxyUrl,
    isSecret: true,
  },
  HTTP_PROXY: {
    default: "",
    meaning:
      "Proxy for an HTTP upstream. Also used for an HTTPS upstream if `HTTPS_PROXY` is not set. `HTTP_PROXY_FILE` can name a file with the URL instead.",
    check: proxyUrl,
    isSecret: true,
  },
  NO_PROXY: {
    default: "",
    meaning:
      "Comma-separated hosts to reach without a proxy. `example.com` includes its subdomains; `*` disables the proxy. The three proxy variables may also have lower-case names, which take precedence.",
    check: z.string(),
  },
  SNAPSHOT_MAX_AGE_RUNNING_MS: {
    default: "1000",
    meaning:
      "How long the state of a running job is cached for the same identity, in milliseconds. `0` disables caching.",
    check: wholeNumber(0, MAX_MS),
  },
  SNAPSHOT_MAX_AGE_FINISHED_MS: {
    default: "5000",
    meaning:
      "How long the state of a finished job is cached, in milliseconds. Keep it short: a retry reopens the job.",
    check: wholeNumber(0, MAX_MS),
  },
  SNAPSHOT_STALE_IF_ERROR_MS: {
    default: "0",
    meaning:
      "Maximum age of a job state, in milliseconds, that is served (marked as stale) while the upstream is unavailable. `0` disables it.",
    check: wholeNumber(0, MAX_MS),
  },
  SNAPSHOT_MAX_BYTES: {
    default: "67108864",
    meaning:
      "Memory limit of the snapshot cache in bytes (estimated). Least recently used snapshots are evicted first.",
    check: wholeNumber(0, 2 ** 40),
  },
  LIVE_POLL_SCHEDULE_MS: {
    default: "1000,1000,1000,1000,2000,2000,2000,3000",
    meaning:
      "Comma-separated delays between polls of a watched job, in milliseconds. The last delay repeats; a change of the job restarts the schedule.",
    check: commaSeparated(wholeNumber(1, MAX_MS), 100),
  },
  LIVE_RECHECK_MS: {
    default: "60000",
    meaning:
      "Maximum time between permission checks of a subscriber, in milliseconds. Each check uses the subscriber's own credentials.",
    check: wholeNumber(1, MAX_MS),
  },
  LIVE_MAX_FAILURES: {
    default: "10",
    meaning: "Number of consecutive upstream failures after which a subscription ends with the last error.",
    check: wholeNumber(1, 1_000_000),
  },
  LIVE_SHARING: {
    default: "job",
    meaning:
      "Which subscribers share the polls of a job: `job`, all within a tenant; `identity`, only those with the same credentials, tenant and language.",
    check: enumOf(["job", "identity"]),
  },
  LIVE_MAX_VIEWERS: {
    default: "10000",
    meaning: "Maximum number of concurrent subscriptions. `0` accepts none.",
    check: wholeNumber(0, 1_000_000),
  },
  LIVE_MAX_VIEWERS_PER_IDENTITY: {
    default: "1000",
    meaning: "Maximum number of concurrent subscriptions with the same credentials, tenant and language.",
    check: wholeNumber(0, 1_000_000),
  },
  WEBSOCKET_MAX_CONNECTIONS: {
    default: "10000",
    meaning: "Maximum number of open WebSockets. `0` accepts none.",
    check: wholeNumber(0, 1_000_000),
  },
  ALLOWED_ORIGINS: {
    default: "",
    meaning:
      "Comma-separated origins of web pages that may use the gateway, such as `https://ops.example.com`, without wildcards. `*` alone allows every origin, and is an error together with `BK_APP_CODE`. The gateway's own origin is always allowed.",
    check: z
      .string()
      .transform((text) => text.split(",").flatMap((part) => part.trim() || []))
      .refine((origins) => origins.every(isOrigin), {
        error:
          "comma-separated origins such as https://ops.example.com, without path, trailing slash or wildcard, or * alone",
      }),
  },
  ...REQUEST_SETTINGS,
  INTROSPECTION: {
    default: "true",
    meaning:
      "Whether operations may select the introspection fields `__schema` and `__type`. If `false`, error messages suggest no names of the schema either (`Did you mean …`).",
    check: flag,
  },
  ...PAGE_SETTINGS,
  FEDERATION: {
    default: "false",
    meaning:
      "Whether the gateway is a subgraph of Apollo Federation: it serves `_service` and `_entities` to a router.",
    check: flag,
  },
  TRUSTED_DOCUMENTS: {
    default: "",
    meaning:
      "JSON file of trusted documents, which clients request by id: `persisted-documents.json` of GraphQL Code Generator's client preset, or a persisted query manifest of Apollo. It is read and validated at startup.",
    check: z.string(),
  },
  TRUSTED_DOCUMENTS_ONLY: {
    default: "false",
    meaning:
      "Whether all documents that are not in `TRUSTED_DOCUMENTS` are rejected with `UNTRUSTED_DOCUMENT`, including those of the explorer and of `watch`.",
    check: flag,
  },
  MCP: {
    default: "off",
    meaning:
      "`on`: AI agents can read jobs at `/mcp`, by the Model Context Protocol, with their own credentials.",
    check: flag,
  },
  ...REDIS_SETTINGS,
  METRICS: {
    default: "",
    meaning:
      "Whether metrics for Prometheus are served at `/metrics`: `true` or `false`. By default only if `METRICS_PORT` is set.",
    check: optional(flag),
  },
  METRICS_PORT: {
    default: "",
    meaning:
      "Port of the metrics alone, so that they are not public where `PORT` is. If empty, `METRICS=true` serves them on `PORT`.",
    check: optional(wholeNumber(0, 65_535)),
  },
  METRICS_HOST: {
    default: "",
    meaning:
      "Address of the metrics if they have a port of their own, such as `127.0.0.1`. If empty, that of `HOST`.",
    check: optional(z.string()),
  },
  ...TRACING_SETTINGS,
  V8_HEAP_GROWING_PERCENT: {
    default: "200",
    meaning:
      "How much V8's heap may grow before the next garbage collection, in percent. The default saves about a third of the CPU time of large responses. `0` leaves the decision to V8.",
    check: wholeNumber(0, 1_000),
  },
  LOG_LEVEL: {
    default: "info",
    meaning: `Minimum log level: ${LOG_LEVELS.join(", ")}.`,
    check: enumOf(LOG_LEVELS),
  },
  SLOW_OPERATION_MS: {
    default: "5000",
    meaning:
      "Queries that take longer, in milliseconds, have `slow` and the hash of their document in the log. `0` disables it.",
    check: wholeNumber(0, MAX_MS),
  },
  EXECUTOR: {
    default: "compiled",
    meaning:
      "Executor of operations: `compiled`, or `graphql-js` for comparison. Both give the same responses, but `graphql-js` is not suitable for production: it creates an object per row and blocks the event loop.",
    check: enumOf(["compiled", "graphql-js"]),
  },
  SIMULATOR_DIALECT: {
    default: "release",
    meaning:
      "Form of the endpoint that the embedded simulator serves: `contract` (as documented) or `release` (bk-job 3.12 and later).",
    check: enumOf(DIALECTS),
  },
} as const satisfies Record<string, Setting>;
