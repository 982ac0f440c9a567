/** The gateways as processes, which the chaos ends and starts again. */
import { Agent } from "node:http";
import type { TestContext } from "vitest";
import { type Program, runProgram } from "../process/program.ts";
import { SECRET } from "./identities.ts";
import { createOrder, type Order } from "./order.ts";
import { within } from "./pause.ts";
import type { Report } from "./report.ts";
import { environmentOf, INSTANCES, type InstanceKind } from "./settings.ts";

/** One process of an instance, from its start to its end. */
export interface Run {
  readonly kind: InstanceKind;
  /** Unique among all runs. */
  readonly name: string;
  /** Of the GraphQL endpoint. */
  readonly url: string;
  readonly program: Program;
  /** Connections of clients to this process. */
  readonly agent: Agent;
  readonly order: Order;
  /** The signal that ends it, and when it was sent. Null while it must serve. */
  ending: { readonly signal: NodeJS.Signals; readonly at: number } | null;
}

export interface Instance {
  readonly kind: InstanceKind;
  /** The current process, or the last one while none runs. */
  readonly run: () => Run;
  /** Ends the process by the signal, checks how it ended, and starts another one. */
  readonly restart: (signal: "SIGTERM" | "SIGKILL") => Promise<void>;
  /** Ends it for good. */
  readonly stop: () => Promise<void>;
}

export interface InstanceOptions {
  readonly upstreamUrl: string;
  readonly redisUrl: string;
  readonly report: Report;
}

/** Shutdown takes at most `SHUTDOWN_DELAY_MS` and 5 seconds. */
const MAX_SHUTDOWN_MS = 30_000;

export const startInstances = (
  options: InstanceOptions,
  test: Pick<TestContext, "onTestFinished">,
): Promise<Instance[]> => Promise.all(INSTANCES.map((kind) => startInstance(kind, options, test)));

async function startInstance(
  kind: InstanceKind,
  { upstreamUrl, redisUrl, report }: InstanceOptions,
  test: Pick<TestContext, "onTestFinished">,
): Promise<Instance> {
  let starts = 0;
  const start = async (): Promise<Run> => {
    starts += 1;
    const program = runProgram(test, "main.js", [], environmentOf(kind, upstreamUrl, redisUrl));
    const url = await program.url();
    const agent = new Agent({ keepAlive: true });
    const name = `${kind.name} ${starts}`;
    const run: Run = { kind, name, url, program, agent, order: createOrder(), ending: null };
    void program.ended.then((end) => {
      if (!run.ending) report.violate("A process ended by itself", { run: run.name, end, ...outputOf(run) });
    });
    return run;
  };
  let run = await start();

  const end = async (signal: "SIGTERM" | "SIGKILL") => {
    const ended = run;
    ended.ending = { signal, at: performance.now() };
    ended.program.process.kill(signal);
    const result = await within(MAX_SHUTDOWN_MS, ended.program.ended);
    const expected = signal === "SIGTERM" ? { code: 0, signal: null } : { code: null, signal };
    if (JSON.stringify(result) !== JSON.stringify(expected)) {
      report.violate("A process did not end as it must", { run: ended.name, expected, result });
    }
    ended.agent.destroy();
    checkOutput(ended, report);
  };

  return {
    kind,
    run: () => run,
    restart: async (signal) => {
      await end(signal);
      run = await start();
    },
    stop: () => end("SIGTERM"),
  };
}

const MAX_TAIL = 1_000;

const outputOf = ({ program }: Run) => ({
  stdout: program.stdout().slice(-MAX_TAIL),
  stderr: program.stderr().slice(-MAX_TAIL),
});

/** The output contains no credentials, and no error of the gateway itself. */
export function checkOutput({ name, program }: Run, report: Report): void {
  const output = program.stdout() + program.stderr();
  const at = output.indexOf(SECRET);
  if (at >= 0) {
    report.violate("Credentials in the output", { run: name, output: output.slice(at - 300, at + 100) });
  }
  const errors = output.split("\n").filter((line) => line.includes('"level":50') || /^\s+at /.test(line));
  if (errors.length > 0)
    report.violate("Internal errors in the log", { run: name, errors: errors.slice(0, 3) });
}
