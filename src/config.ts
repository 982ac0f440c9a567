/** Configuration from environment variables, checked as a whole. */
import { z } from "zod";
import { isBaseUrl, isOrigin, listOf, oneOf, proxyUrl, wholeNumber } from "./config-checks.ts";
import type { GatewayConfig } from "./gateway.ts";
import type { Dialect } from "./simulator/simulator.ts";

export interface Config extends Omit<GatewayConfig, "upstream"> {
  readonly upstream: Omit<GatewayConfig["upstream"], "baseUrl" | "defaultAuthorization"> & {
    /** Null: there is no upstream, run on the embedded simulator. */
    readonly baseUrl: URL | null;
  };
  readonly simulatorDialect: Dialect;
  /** 0: V8's own choice. */
  readonly heapGrowingPercent: number;
}

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
const DIALECTS = ["contract", "release"] as const satisfies readonly Dialect[];

/** One environment variable. `meaning` and `default` are what the README's table says. */
interface Setting {
  readonly default: string;
  readonly meaning: string;
  readonly check: z.ZodType<unknown, string>;
}

/** A day: no timer that a person sets on purpose is longer. */
const MAX_MS = 86_400_000;

/** Every environment variable that the gateway reads. */
export const SETTINGS = {
  JOB_API_URL: {
    default: "",
    meaning:
      "Base URL of the upstream up to, not including, `/api/v4/…`. Empty: run on the embedded simulator.",
    check: z
      .string()
      .refine((text) => text === "" || isBaseUrl(text), {
        error: "an http or https URL without credentials, query, fragment or /api/v4",
      })
      .transform((text) => (text === "" ? null : new URL(text))),
  },
  BK_APP_CODE: {
    default: "",
    meaning:
      "The app that asks for users who come with a login's cookie only. Together with `BK_APP_SECRET`.",
    check: z.string(),
  },
  BK_APP_SECRET: {
    default: "",
    meaning: "That app's secret. It is in no log, no error and no answer.",
    check: z.string(),
  },
  HOST: {
    default: "127.0.0.1",
    meaning: "Address to listen on. `0.0.0.0` in a container.",
    check: z.string(),
  },
  PORT: {
    default: "4000",
    meaning: "Port to listen on; 0 takes any free one.",
    check: wholeNumber(0, 65_535),
  },
  UPSTREAM_TIMEOUT_MS: {
    default: "10000",
    meaning: "Limit of one upstream call as a whole, in milliseconds, with the wait for a connection.",
    check: wholeNumber(1, MAX_MS),
  },
  UPSTREAM_MAX_BODY_BYTES: {
    default: "67108864",
    meaning: "Largest upstream body that is read, in bytes after decompression. 50 000 hosts are 8 to 19 MB.",
    check: wholeNumber(1, 2 ** 29),
  },
  UPSTREAM_CONNECTIONS: {
    default: "32",
    meaning: "Connections to the upstream, and so upstream calls at one time.",
    check: wholeNumber(1, 10_000),
  },
  UPSTREAM_MAX_QUEUE: {
    default: "10000",
    meaning:
      "Upstream calls that wait for a connection at one time; more fail at once. Connections and this queue are shared fairly: one identity gets at most three quarters of either.",
    check: wholeNumber(0, 1_000_000),
  },
  HTTPS_PROXY: {
    default: "",
    meaning: "Proxy to an upstream that speaks HTTPS, such as `http://user:password@proxy.example.com:3128`.",
    check: proxyUrl,
  },
  HTTP_PROXY: {
    default: "",
    meaning:
      "Proxy to an upstream that speaks HTTP; also to one that speaks HTTPS when `HTTPS_PROXY` is not set.",
    check: proxyUrl,
  },
  NO_PROXY: {
    default: "",
    meaning:
      "Hosts that are reached without a proxy, with commas in between: `example.com` includes its subdomains, `*` is all. The names of these three variables may be in lower case.",
    check: z.string(),
  },
  SNAPSHOT_MAX_AGE_RUNNING_MS: {
    default: "1000",
    meaning:
      "How long the state of a job that goes on may be told again to the same identity, in milliseconds; 0 is off.",
    check: wholeNumber(0, MAX_MS),
  },
  SNAPSHOT_MAX_AGE_FINISHED_MS: {
    default: "5000",
    meaning: "The same for finished jobs, which a retry can reopen.",
    check: wholeNumber(0, MAX_MS),
  },
  SNAPSHOT_MAX_BYTES: {
    default: "67108864",
    meaning:
      "Memory limit for cached snapshots, in bytes, by estimate; least recently used ones are evicted first.",
    check: wholeNumber(0, 2 ** 40),
  },
  LIVE_POLL_SCHEDULE_MS: {
    default: "1000,1000,1000,1000,2000,2000,2000,3000",
    meaning:
      "Waits between the polls of a job that is watched, in milliseconds. The last one repeats; a change of the job leads back to the first.",
    check: listOf(wholeNumber(1, MAX_MS), 100),
  },
  LIVE_RECHECK_MS: {
    default: "60000",
    meaning:
      "Every viewer's permission is checked again within this time, with the viewer's own credentials, in milliseconds.",
    check: wholeNumber(1, MAX_MS),
  },
  LIVE_MAX_FAILURES: {
    default: "10",
    meaning: "Upstream failures in a row after which a stream ends with the last one's code.",
    check: wholeNumber(1, 1_000_000),
  },
  LIVE_SHARING: {
    default: "job",
    meaning:
      "Who shares the polls of a job: `job`, all who watch it within a tenant; `identity`, only those with the same credentials, tenant and language.",
    check: oneOf(["job", "identity"]),
  },
  LIVE_MAX_VIEWERS: {
    default: "10000",
    meaning: "Most subscriptions at one time; 0 takes none.",
    check: wholeNumber(0, 1_000_000),
  },
  LIVE_MAX_VIEWERS_PER_IDENTITY: {
    default: "1000",
    meaning: "Most subscriptions at one time with the same credentials, tenant and language.",
    check: wholeNumber(0, 1_000_000),
  },
  WEBSOCKET_MAX_CONNECTIONS: {
    default: "10000",
    meaning: "Most WebSockets at one time; 0 takes none.",
    check: wholeNumber(0, 1_000_000),
  },
  ALLOWED_ORIGINS: {
    default: "",
    meaning:
      "Origins of pages that may use the gateway besides its own, such as `https://ops.example.com`, with commas in between; `*` is all.",
    check: z
      .string()
      .transform((text) => text.split(",").flatMap((part) => part.trim() || []))
      .refine((origins) => origins.every(isOrigin), {
        error: "origins such as https://ops.example.com, with commas in between, or *",
      }),
  },
  MAX_RESPONSE_BYTES: {
    default: "67108864",
    meaning: "Maximum size of one response, in bytes. Larger ones are refused with `BAD_USER_INPUT`.",
    check: wholeNumber(1, 2 ** 29),
  },
  V8_HEAP_GROWING_PERCENT: {
    default: "200",
    meaning:
      "How far V8's memory may grow until it marks what is alive, in percent. Large responses cost about a third less CPU time with the default; 0 leaves V8's own choice.",
    check: wholeNumber(0, 1_000),
  },
  LOG_LEVEL: {
    default: "info",
    meaning: `Least level that is logged: ${LOG_LEVELS.join(", ")}.`,
    check: oneOf(LOG_LEVELS),
  },
  EXECUTOR: {
    default: "compiled",
    meaning:
      "What runs operations: `compiled`, or `graphql-js`, the reference to compare responses with. The reference is not for production: it makes an object of every row and blocks the process while it does.",
    check: oneOf(["compiled", "graphql-js"]),
  },
  SIMULATOR_DIALECT: {
    default: "release",
    meaning:
      "What the embedded simulator speaks: `contract` (the documented form) or `release` (bk-job 3.12 and later).",
    check: oneOf(DIALECTS),
  },
} as const satisfies Record<string, Setting>;

/** The environment is not what it should be; the message has one line for each fault. */
export class InvalidConfig extends Error {
  override readonly name = "InvalidConfig";
}

type Values = { [Name in keyof typeof SETTINGS]: z.output<(typeof SETTINGS)[Name]["check"]> };

/**
 * The configuration in `environment`. A variable set to nothing counts as not set.
 * @throws InvalidConfig with every fault at once.
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const faults: string[] = [];
  const entries = Object.entries(SETTINGS).map(([name, setting]) => {
    const text = textOf(environment, name)?.trim() || setting.default;
    const result = setting.check.safeParse(text);
    if (!result.success) {
      faults.push(`${name}: expected ${result.error.issues[0]?.message}, got ${shown(text)}.`);
    }
    return [name, result.data];
  });
  faults.push(...appFaults(environment));
  if (faults.length > 0) throw new InvalidConfig(faults.join("\n"));
  // Each entry holds what the check of its own name gave, which is how Values is defined.
  return toConfig(Object.fromEntries(entries) as Values);
}

/** Most programs know the variables of proxies in lower case, too, and prefer that. */
const textOf = (environment: Readonly<Record<string, string | undefined>>, name: string) =>
  (name.endsWith("_PROXY") ? environment[name.toLowerCase()] : undefined) ?? environment[name];

/** One without the other is no app. Neither value is shown. */
function appFaults(environment: Readonly<Record<string, string | undefined>>): string[] {
  const pair = ["BK_APP_CODE", "BK_APP_SECRET"] as const;
  const missing = pair.filter((name) => !environment[name]?.trim());
  if (missing.length !== 1) return [];
  const given = pair.filter((name) => !missing.includes(name));
  return [`${missing[0]}: expected a value, as ${given[0]} has one, got "".`];
}

/** A refused value without what may be secret in it: the credentials and the query of a URL. */
const shown = (text: string): string =>
  JSON.stringify(
    text
      .replace(/.*@/s, "***@")
      .replace(/[?#].*/s, "?***")
      .slice(0, MAX_SHOWN),
  );

const MAX_SHOWN = 200;

const toConfig = (values: Values): Config => ({
  host: values.HOST,
  port: values.PORT,
  logLevel: values.LOG_LEVEL,
  executor: values.EXECUTOR,
  maxResponseBytes: values.MAX_RESPONSE_BYTES,
  snapshots: {
    maxAgeRunningMs: values.SNAPSHOT_MAX_AGE_RUNNING_MS,
    maxAgeFinishedMs: values.SNAPSHOT_MAX_AGE_FINISHED_MS,
    maxBytes: values.SNAPSHOT_MAX_BYTES,
  },
  live: {
    scheduleMs: values.LIVE_POLL_SCHEDULE_MS,
    recheckMs: values.LIVE_RECHECK_MS,
    maxFailures: values.LIVE_MAX_FAILURES,
    sharing: values.LIVE_SHARING,
    maxViewers: values.LIVE_MAX_VIEWERS,
    maxViewersPerIdentity: values.LIVE_MAX_VIEWERS_PER_IDENTITY,
  },
  webSocket: { maxConnections: values.WEBSOCKET_MAX_CONNECTIONS },
  allowedOrigins: values.ALLOWED_ORIGINS,
  upstream: {
    baseUrl: values.JOB_API_URL,
    timeoutMs: values.UPSTREAM_TIMEOUT_MS,
    maxBodyBytes: values.UPSTREAM_MAX_BODY_BYTES,
    connections: values.UPSTREAM_CONNECTIONS,
    maxQueue: values.UPSTREAM_MAX_QUEUE,
    proxy: { http: values.HTTP_PROXY, https: values.HTTPS_PROXY, except: values.NO_PROXY },
    app: values.BK_APP_CODE === "" ? null : { code: values.BK_APP_CODE, secret: values.BK_APP_SECRET },
  },
  heapGrowingPercent: values.V8_HEAP_GROWING_PERCENT,
  simulatorDialect: values.SIMULATOR_DIALECT,
});
