/** Runs the gateway as a process: configuration, startup, signals and exit codes. */
import { setFlagsFromString } from "node:v8";
import { WORKER_VARIABLE, WorkerFailed } from "./cluster/messages.ts";
import { type Config, InvalidConfig, readConfig } from "./config.ts";
import type { Gateway, GatewayConfig } from "./gateway.ts";
import { operationNamesOf } from "./graphql/operation/documents.ts";
import { SAMPLE_QUERY } from "./model/example-operations.ts";
import { readVersion } from "./model/version.ts";
import { changedSettings } from "./settings-changed.ts";
import { endProcess, shutDownOnSignal } from "./shutdown.ts";
import { createSimulator, DEMO_JOBS } from "./simulator/simulator.ts";

export interface ServeOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Run on the embedded simulator, even if the environment sets JOB_API_URL. */
  readonly demo: boolean;
}

/** Credentials that the simulator accepts, so that a demo needs no BlueKing login. */
const DEMO_AUTHORIZATION = '{"access_token":"demo"}';

/**
 * Apollo's hosted Sandbox may use a gateway on the simulator, which has nothing to protect. A gateway with an upstream allows
 * it only if ALLOWED_ORIGINS does.
 */
const HOSTED_SANDBOX = "https://studio.apollographql.com";

/**
 * Starts the gateway, or one of its workers. Exits with code 0 after SIGTERM or SIGINT, and with code 1 if the gateway
 * cannot start.
 */
export async function serve({ environment, demo }: ServeOptions): Promise<void> {
  const workerStart = environment[WORKER_VARIABLE];
  const read = () => readConfig(demo ? { ...environment, JOB_API_URL: "" } : environment);
  if (workerStart !== undefined) return serveAsWorker(workerStart, environment, read);
  try {
    const config = read();
    setHeapGrowing(config.heapGrowingPercent);
    const { baseUrl } = config.upstream;
    const simulator = baseUrl === null ? await createSimulator({ dialect: config.simulatorDialect }) : null;
    const gateway = await startGateway(config, simulator?.url ?? null);
    shutDownOnSignal({
      delayMs: config.shutdownDelayMs,
      announce: (signal) => {
        gateway.log.info({ signal, delayMs: config.shutdownDelayMs }, "shutdown begins");
        gateway.announceShutdown();
      },
      close: async () => {
        await gateway.close();
        await simulator?.close();
      },
      describeError: describeProcessError,
    });
    gateway.log.info(
      {
        version: readVersion(),
        node: process.versions.node,
        url: gateway.url,
        upstream: baseUrl?.host ?? "simulator",
        trustedDocuments: config.trustedDocuments?.documents.size ?? 0,
        changedSettings: changedSettings(environment),
        ...(config.workers > 1 && { workers: config.workers }),
      },
      "started",
    );
    if (gateway.metricsUrl) process.stderr.write(`Metrics at ${gateway.metricsUrl}\n`);
    process.stderr.write(simulator ? demoNotice(gateway.url, config) : `GraphQL at ${gateway.url}\n`);
  } catch (error) {
    process.stderr.write(`${describeStartError(error, environment)}\n`);
    process.exit(1);
  }
}

/** In this process, or in workers, whose primary does not need the modules of the gateway. */
async function startGateway(config: Config, simulatorUrl: string | null): Promise<Gateway> {
  const { workers, logLevel, trustedDocuments } = config;
  if (workers === 1) {
    const { createGateway } = await import("./gateway.ts");
    return createGateway(gatewayConfig(config, simulatorUrl));
  }
  const { startWorkers } = await import("./cluster/primary.ts");
  return startWorkers({ workers, simulatorUrl, logLevel, trustedNames: operationNamesOf(trustedDocuments) });
}

/** A worker prints nothing: the primary does, once for all of them. */
async function serveAsWorker(
  start: string,
  environment: ServeOptions["environment"],
  read: () => Config,
): Promise<void> {
  const { connectToPrimary } = await import("./cluster/worker.ts");
  const primary = connectToPrimary(start);
  const { simulatorUrl, freePorts } = primary.start;
  try {
    const config = read();
    setHeapGrowing(config.heapGrowingPercent);
    const { createGateway } = await import("./gateway.ts");
    const { port, metrics, ...others } = gatewayConfig(config, simulatorUrl);
    const ports = {
      port: port || (freePorts?.gateway ?? 0),
      metrics: metrics && {
        ...metrics,
        port: metrics.port === 0 ? (freePorts?.metrics ?? 0) : metrics.port,
      },
    };
    const gateway = await createGateway({ ...others, ...ports }, null, primary);
    primary.serve(gateway, () => void endProcess(gateway.close, describeProcessError));
  } catch (error) {
    primary.fail(describeStartError(error, environment));
  }
}

/** @param simulatorUrl null if the configuration has an upstream */
function gatewayConfig(config: Config, simulatorUrl: string | null): GatewayConfig {
  const { baseUrl, proxy } = config.upstream;
  const upstream = {
    ...config.upstream,
    baseUrl: baseUrl ?? new URL(simulatorUrl ?? ""),
    // The simulator runs on this machine, which a proxy cannot reach.
    proxy: simulatorUrl === null ? proxy : null,
    defaultAuthorization: simulatorUrl === null ? null : DEMO_AUTHORIZATION,
  };
  if (simulatorUrl === null) return { ...config, upstream, demoJobs: null };
  const allowedOrigins = [...config.allowedOrigins, ...(config.explorer ? [HOSTED_SANDBOX] : [])];
  return { ...config, upstream, demoJobs: DEMO_JOBS, allowedOrigins };
}

/**
 * Makes V8 collect garbage less often. Response bodies take megabytes outside of a small heap. By default, V8 marks the
 * heap again after every few large responses, which takes as much CPU time as the rest of such a request. Allowing the
 * heap to grow further between two collections avoids this, at the cost of tens of megabytes of memory.
 */
function setHeapGrowing(percent: number): void {
  if (percent > 0) setFlagsFromString(`--heap-growing-percent=${percent}`);
}

const CHOOSE_ADDRESS = "Choose an address of this machine, or 0.0.0.0 for all of them.";

/** Explanations of the error codes of `listen`, and what to do. */
const LISTEN_ERRORS = new Map([
  ["EADDRINUSE", ["another process is listening on it", "Stop that process, or choose another port"]],
  ["EADDRNOTAVAIL", ["this machine does not have this address", CHOOSE_ADDRESS]],
  ["ENOTFOUND", ["there is no such host", CHOOSE_ADDRESS]],
  ["EACCES", ["this user may not listen on it", "Choose a port above 1023."]],
]);

function describeStartError(error: unknown, environment: ServeOptions["environment"]): string {
  if (error instanceof WorkerFailed) return error.message;
  if (error instanceof InvalidConfig) return `Invalid configuration:\n${error.message}`;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const explanation = LISTEN_ERRORS.get(code);
  if (!(error instanceof Error) || explanation === undefined) return describeProcessError(error);
  const [reason, remedy] = explanation;
  const settings = failedSettings(error, environment);
  const portSetting = settings.endsWith("METRICS_PORT") ? "METRICS_PORT=9465" : "PORT=4001";
  const example = code === "EADDRINUSE" ? `, for example ${portSetting}.` : "";
  return `Expected ${settings} to be an available address, but ${reason}: ${error.message}. ${remedy}${example}`;
}

/** @returns the settings whose address `error` is about: an error of `listen` has a port, one of the lookup of a host only its name */
function failedSettings(error: Error, environment: ServeOptions["environment"]): string {
  const [metricsHost, metricsPort] = [environment.METRICS_HOST?.trim(), environment.METRICS_PORT?.trim()];
  const isOfMetrics =
    "port" in error
      ? String(error.port) === metricsPort
      : "hostname" in error && Boolean(metricsPort) && error.hostname === metricsHost;
  if (!isOfMetrics) return "HOST and PORT";
  return `${metricsHost ? "METRICS_HOST" : "HOST"} and METRICS_PORT`;
}

const describeProcessError = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

const demoNotice = (url: string, { simulatorDialect: dialect, explorer }: Config): string => `
JOB_API_URL is not set: this gateway runs on the embedded simulator (dialect "${dialect}").
All jobs are simulated, and no credentials are required.

${explorer ? `Start page: ${new URL("/", url)}\nExplorer: ${new URL("/explorer", url)}\n` : ""}GraphQL: ${url}

Sample query:

${SAMPLE_QUERY}

  curl ${url} -H 'content-type: application/json' \\
    -d '{"query":"{ jobInstance(ref: { scopeId: \\"1\\", jobInstanceId: \\"20000000002\\" }) { ... on JobInstance { name status } } }"}'

`;
