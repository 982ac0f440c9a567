/** Runs the gateway as this process's job: from the environment to the last connection. */
import { setFlagsFromString } from "node:v8";
import { InvalidConfig, readConfig } from "./config.ts";
import { createGateway } from "./gateway.ts";
import { SAMPLE_QUERY } from "./graphql/landing-page.ts";
import { createSimulator, type Dialect } from "./simulator/simulator.ts";

export interface ServeOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Run on the embedded simulator, whatever the environment says. */
  readonly demo: boolean;
}

/** What the simulator takes for a user: a demo needs no BlueKing login. */
const DEMO_AUTHORIZATION = '{"access_token":"demo"}';

/** Starts the gateway and ends the process with it: exit code 0 after SIGTERM or SIGINT, 1 when it cannot start. */
export async function serve({ environment, demo }: ServeOptions): Promise<void> {
  try {
    const config = readConfig(demo ? { ...environment, JOB_API_URL: "" } : environment);
    growHeap(config.heapGrowingPercent);
    const { baseUrl } = config.upstream;
    const simulator = baseUrl === null ? await createSimulator({ dialect: config.simulatorDialect }) : null;
    const upstream = {
      ...config.upstream,
      baseUrl: baseUrl ?? new URL(simulator?.url ?? ""),
      // The simulator is in this process, where no proxy leads.
      proxy: simulator ? null : config.upstream.proxy,
      defaultAuthorization: simulator && DEMO_AUTHORIZATION,
    };
    const gateway = await createGateway({ ...config, upstream });
    closeOnSignal(async () => {
      await gateway.close();
      await simulator?.close();
    });
    process.stderr.write(
      simulator ? demoNotice(gateway.url, config.simulatorDialect) : `GraphQL at ${gateway.url}\n`,
    );
  } catch (error) {
    process.stderr.write(`${describe(error)}\n`);
    process.exit(1);
  }
}

/**
 * Bodies come and go by the megabyte, outside of a heap that stays small. After every few of them V8 marks that heap
 * again, on helper threads, for as much CPU time as the rest of a large request takes. Growing further between two
 * marks, it does so less often. The price is some ten megabytes of memory.
 */
function growHeap(percent: number): void {
  if (percent > 0) setFlagsFromString(`--heap-growing-percent=${percent}`);
}

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

function closeOnSignal(close: () => Promise<void>): void {
  const end = () => {
    // Whoever sends a second signal wants no more waiting: it does what it does by default.
    for (const signal of SIGNALS) process.off(signal, end);
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`Closing failed: ${describe(error)}\n`);
        process.exit(1);
      },
    );
  };
  for (const signal of SIGNALS) process.on(signal, end);
}

/** What is wrong with the address, by the error codes of listening. */
const LISTEN_FAULTS = new Map([
  ["EADDRINUSE", "something listens there already"],
  ["EADDRNOTAVAIL", "this machine has no such address"],
  ["ENOTFOUND", "there is no such host"],
  ["EACCES", "this user may not listen there"],
]);

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof InvalidConfig) return `The configuration has faults:\n${error.message}`;
  const fault = "code" in error ? LISTEN_FAULTS.get(String(error.code)) : undefined;
  if (fault) return `Expected HOST and PORT to be a free address, but ${fault}: ${error.message}.`;
  return error.stack ?? error.message;
}

const demoNotice = (url: string, dialect: Dialect): string => `
JOB_API_URL is not set: this gateway runs on the embedded simulator (dialect "${dialect}").
No real job is read, and no credentials are needed.

GraphQL and Sandbox: ${url}

A query to begin with:

${SAMPLE_QUERY}

  curl ${url} -H 'content-type: application/json' \\
    -d '{"query":"{ jobInstance(ref: { scopeId: \\"1\\", jobInstanceId: \\"20000000002\\" }) { ... on JobInstance { name status } } }"}'

`;
