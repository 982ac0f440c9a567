/** The configuration: reads and validates the settings of the environment. */
import type { z } from "zod";
import type { GatewayConfig } from "./gateway.ts";
import { SETTINGS } from "./settings.ts";
import type { Dialect } from "./simulator/simulator.ts";
import { readTrustedDocuments } from "./trusted-documents.ts";

export interface Config extends Omit<GatewayConfig, "upstream"> {
  readonly upstream: Omit<GatewayConfig["upstream"], "baseUrl" | "defaultAuthorization"> & {
    /** Null: run on the embedded simulator. */
    readonly baseUrl: URL | null;
  };
  readonly simulatorDialect: Dialect;
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
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const errors: string[] = [];
  const entries = Object.entries(SETTINGS).map(([name, setting]) => {
    const text = variableOf(environment, name)?.trim() || setting.default;
    const result = setting.check.safeParse(text);
    if (!result.success) {
      errors.push(`${name}: expected ${result.error.issues[0]?.message}, got ${redacted(text)}.`);
    }
    return [name, result.data];
  });
  errors.push(...appErrors(environment));
  // Each entry is the output of the check of its setting, which is the definition of `Values`, or undefined if invalid.
  const values = Object.fromEntries(entries) as Partial<Values>;
  const trustedDocuments = trustedDocumentsOf(values, errors);
  if (errors.length > 0) throw new InvalidConfig(errors.join("\n"));
  return toConfig(values as Values, trustedDocuments);
}

function trustedDocumentsOf(
  {
    TRUSTED_DOCUMENTS: path = "",
    TRUSTED_DOCUMENTS_ONLY: only = false,
    INTROSPECTION: introspection = true,
  }: Partial<Values>,
  errors: string[],
): Config["trustedDocuments"] {
  if (path === "") {
    if (only)
      errors.push('TRUSTED_DOCUMENTS: expected a file, because TRUSTED_DOCUMENTS_ONLY is true, got "".');
    return null;
  }
  const file = readTrustedDocuments(path, introspection);
  errors.push(...file.errors.map((error) => `TRUSTED_DOCUMENTS: ${error}`));
  return { documents: file.documents, only };
}

/** Proxy variables may also have lower-case names, which take precedence, as in most programs. */
const variableOf = (environment: Readonly<Record<string, string | undefined>>, name: string) =>
  (name.endsWith("_PROXY") ? environment[name.toLowerCase()] : undefined) ?? environment[name];

/** The app code and its secret must be set together. The message shows neither. */
function appErrors(environment: Readonly<Record<string, string | undefined>>): string[] {
  const pair = ["BK_APP_CODE", "BK_APP_SECRET"] as const;
  const missing = pair.filter((name) => !environment[name]?.trim());
  if (missing.length !== 1) return [];
  const present = pair.filter((name) => !missing.includes(name));
  return [`${missing[0]}: expected a value, because ${present[0]} has one, got "".`];
}

/** Redacts an invalid value for a message: removes the parts of a URL that may be secret, credentials and query. */
const redacted = (text: string): string =>
  JSON.stringify(
    text
      .replace(/.*@/s, "***@")
      .replace(/[?#].*/s, "?***")
      .slice(0, MAX_SHOWN_CHARACTERS),
  );

const MAX_SHOWN_CHARACTERS = 200;

const toConfig = (values: Values, trustedDocuments: Config["trustedDocuments"]): Config => ({
  host: values.HOST,
  port: values.PORT,
  logLevel: values.LOG_LEVEL,
  executor: values.EXECUTOR,
  maxResponseBytes: values.MAX_RESPONSE_BYTES,
  introspection: values.INTROSPECTION,
  explorer: values.EXPLORER,
  trustedDocuments,
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
    proxy: { http: values.HTTP_PROXY, https: values.HTTPS_PROXY, noProxy: values.NO_PROXY },
    app: values.BK_APP_CODE === "" ? null : { code: values.BK_APP_CODE, secret: values.BK_APP_SECRET },
  },
  heapGrowingPercent: values.V8_HEAP_GROWING_PERCENT,
  simulatorDialect: values.SIMULATOR_DIALECT,
});
