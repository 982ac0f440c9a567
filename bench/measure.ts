/** Runs one workload on all servers in turn: A B C A B C … */
import { CONTESTANTS, type Contestant, environmentOf, scriptOf, withSnapshots } from "./catalogue.ts";
import type { Load, LoadResult } from "./load/load.ts";
import { createProbe, type Probe } from "./process/probe.ts";
import { cpuMs, type Memory, memory } from "./process/proc.ts";
import { type ServerProcess, startServer } from "./process/server-process.ts";
import { type SimulatorProcess, startSimulator } from "./process/simulator-process.ts";
import { startWorker, type WorkerProcess } from "./process/worker-process.ts";
import { spread } from "./report/statistics.ts";
import { type Expectation, type Verified, verify } from "./verify.ts";
import { type Ask, isAskedOf, requestBody, type Upstream, type Workload } from "./workloads.ts";

export interface RunOptions {
  readonly servers: readonly string[];
  readonly rounds: number;
  /** Longest run of one server in one round; workloads can have a lower limit. */
  readonly maxMs: number;
  /** For every workload, instead of its own. */
  readonly requests: number | null;
  /** Added to the gateway's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where the gateway writes CPU profiles; null = none. */
  readonly profileFolder: string | null;
}

/** One server during one round, or a part of it. */
export interface Sample {
  readonly requests: number;
  readonly cpuMs: number;
  readonly upstreamCalls: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
}

export interface Measured {
  readonly contestant: Contestant;
  /** One for each round. */
  readonly samples: readonly Sample[];
  /** After the last round. */
  readonly memory: Memory;
  /** Node.js flags that the server added by re-executing itself; all are started without flags. */
  readonly addedFlags: readonly string[];
}

/** A running server. */
export interface Runner {
  readonly contestant: Contestant;
  readonly process: ServerProcess;
  /** Null unless the stage is probed. */
  readonly probe: Probe | null;
  readonly verified: Verified;
}

/** @returns how to recognize correct responses. @throws Error when the server's response is wrong. */
export function expectCorrect({ contestant, verified }: Runner, ask: Ask): Promise<Expectation> {
  const { dialect, rows } = verified.upstream;
  return verify(verified, ask).catch((error: Error) => {
    throw new Error(`Wrong response of ${contestant.name} (${dialect}, ${rows.kind} rows). ${error.message}`);
  });
}

export interface Stage {
  readonly simulator: SimulatorProcess;
  readonly runners: readonly Runner[];
  /** Starts one more load generator. */
  readonly startGenerator: () => WorkerProcess;
}

const GENERATOR = new URL("load/generator.ts", import.meta.url);

/** How a server is started. */
interface Use {
  /** Part of the file name of the gateway's profile. */
  readonly name: string;
  readonly upstreamUrl: string;
}

export function startContestant(
  contestant: Contestant,
  { name, upstreamUrl }: Use,
  { profileFolder, environment }: Pick<RunOptions, "profileFolder" | "environment">,
  probe: Probe | null = null,
): Promise<ServerProcess> {
  const file = `${name}-${contestant.name}.cpuprofile`;
  const profile =
    contestant.isGateway && profileFolder
      ? ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`, `--cpu-prof-name=${file}`]
      : [];
  return startServer({
    args: [...profile, ...(probe?.args(scriptOf(contestant)) ?? [scriptOf(contestant)])],
    environment: {
      ...environmentOf(contestant, upstreamUrl, environment),
      ...probe?.environment,
    },
  });
}

/** How a stage is set up. */
export interface StageUse extends Omit<Use, "upstreamUrl"> {
  readonly upstream: Upstream;
  /** The servers. By default those that the options name. */
  readonly contestants?: readonly Contestant[];
  /** Whether the servers run under a probe of their event loop, which costs a little CPU time. */
  readonly isProbed?: boolean;
}

/** Starts the simulator and the servers, runs `work`, and stops them. */
export async function withStage<T>(
  { upstream, isProbed = false, contestants, ...use }: StageUse,
  options: RunOptions,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const simulator = await startSimulator(upstream.dialect);
  const generators: WorkerProcess[] = [];
  const runners: Runner[] = [];
  try {
    const named = CONTESTANTS.filter(({ name }) => options.servers.includes(name));
    for (const contestant of contestants ?? named) {
      const probe = isProbed ? createProbe() : null;
      const where = { ...use, upstreamUrl: simulator.url };
      const process = await startContestant(contestant, where, options, probe);
      const { origin } = process;
      const { form, acceptEncoding = null } = contestant;
      const verified = { origin, form, acceptEncoding, upstreamUrl: simulator.url, upstream };
      runners.push({ contestant, process, probe, verified });
    }
    const startGenerator = () => {
      const generator = startWorker(GENERATOR);
      generators.push(generator);
      return generator;
    };
    return await work({ simulator, runners, startGenerator });
  } finally {
    await Promise.all(runners.map(({ process }) => process.stop()));
    for (const { probe } of runners) probe?.remove();
    for (const generator of generators) generator.stop();
    simulator.stop();
  }
}

export type Amount = Pick<Load, "connections" | "requests" | "maxMs"> & { readonly intervalMs?: number };

/** Creates loads, each with jobs that were not requested before: one for each request, or a single one if `isHot`. */
export function createLoads(isHot: boolean) {
  let used = 1;
  return ({ verified }: Runner, ask: Ask, expected: Expectation, amount: Amount): Load => {
    const { origin, form, acceptEncoding, upstream } = verified;
    const from = used;
    used = (used + (isHot ? 1 : amount.requests)) % 10_000;
    return {
      origin,
      acceptEncoding,
      body: requestBody(ask, form, upstream.dialect).body,
      jobs: { hosts: ask.hosts, rows: upstream.rows, from, same: isHot },
      intervalMs: 0,
      ...amount,
      expected,
    };
  };
}

/** @throws Error when a response was not as expected. */
export async function runLoad(generator: WorkerProcess, load: Load): Promise<LoadResult> {
  const result = await generator.ask<LoadResult>(load);
  if (result.failure !== null) throw new Error(`A wrong response under load: ${result.failure}`);
  return result;
}

/** Names of the servers that take part in a workload. */
export const serversOf = (
  { ask, isHot, servers }: Pick<Workload, "ask" | "isHot" | "servers">,
  wanted: readonly string[],
): string[] => {
  // A workload is hot because of the gateway's snapshots.
  const names = isHot ? withSnapshots(wanted) : wanted;
  return CONTESTANTS.filter(
    ({ name, form }) => names.includes(name) && (servers?.includes(name) ?? true) && isAskedOf(ask, form),
  ).map(({ name }) => name);
};

/**
 * Verifies, warms up and measures all servers.
 * @param contestants the servers. By default those of the workload that the options name.
 * @throws Error for a wrong response.
 */
export function measure(
  workload: Workload,
  upstream: Upstream,
  options: RunOptions,
  contestants?: readonly Contestant[],
): Promise<Measured[]> {
  const { ask, isHot, connections, warmUp } = workload;
  const requests = options.requests ?? workload.requests;
  const maxMs = Math.min(workload.maxMs, options.maxMs);
  const servers = serversOf(workload, options.servers);
  const loadOf = createLoads(isHot);
  const use = { name: `${workload.name}-${upstream.dialect}`, upstream, ...(contestants && { contestants }) };
  return withStage(use, { ...options, servers }, async ({ simulator, runners, startGenerator }) => {
    const generator = startGenerator();
    const runs: { runner: Runner; expected: Expectation; samples: Sample[] }[] = [];
    for (const runner of runners) {
      const expected = await expectCorrect(runner, ask);
      await runLoad(
        generator,
        loadOf(runner, ask, expected, { connections, requests: warmUp, maxMs: 2 * maxMs }),
      );
      runs.push({ runner, expected, samples: [] });
    }
    /** Requests before the slice with this number. */
    const before = (turn: number) => Math.round((requests * turn) / SLICES);
    for (let round = 0; round < options.rounds; round += 1) {
      const slices = runs.map((): Sample[] => []);
      for (let turn = 0; turn < SLICES; turn += 1) {
        const slice = {
          connections,
          requests: before(turn + 1) - before(turn),
          maxMs: maxMs / SLICES,
        };
        // With fewer requests than slices.
        if (slice.requests === 0) continue;
        for (const [index, { runner, expected }] of runs.entries()) {
          const load = loadOf(runner, ask, expected, slice);
          if (isHot) {
            // A snapshot that is created just before the measured run outlives it.
            await runLoad(generator, { ...load, connections: 1, requests: 1 });
          }
          slices[index]?.push(await sample(generator, load, runner.process.pid, simulator));
        }
      }
      for (const [index, { samples }] of runs.entries()) samples.push(joinSamples(slices[index] ?? []));
    }
    return runs.map(({ runner, samples }) => ({
      contestant: runner.contestant,
      samples,
      memory: memory(runner.process.pid),
      addedFlags: runner.process.addedFlags,
    }));
  });
}

/**
 * Parts of a round. The servers take turns for each of them, because a core of a shared machine can be half as fast for a
 * few seconds: a ratio should compare what was measured within the same second or two.
 */
const SLICES = 6;

/** One sample for a whole round. */
function joinSamples(slices: readonly Sample[]): Sample {
  const requests = sum(slices, (slice) => slice.requests);
  const mean = (read: (slice: Sample) => number) =>
    sum(slices, (slice) => slice.requests * read(slice)) / requests;
  return {
    requests,
    cpuMs: mean((slice) => slice.cpuMs),
    upstreamCalls: mean((slice) => slice.upstreamCalls),
    requestsPerSecond: requests / sum(slices, (slice) => slice.requests / slice.requestsPerSecond),
    p50Ms: spread(slices.map((slice) => slice.p50Ms)).median,
  };
}

const sum = (slices: readonly Sample[], read: (slice: Sample) => number): number =>
  slices.reduce((total, slice) => total + read(slice), 0);

async function sample(
  generator: WorkerProcess,
  load: Load,
  pid: number,
  simulator: SimulatorProcess,
): Promise<Sample> {
  await simulator.takeCalls();
  const before = cpuMs(pid);
  const { requests, wallMs, latencyMs } = await runLoad(generator, load);
  const used = cpuMs(pid) - before;
  return {
    requests,
    cpuMs: used / requests,
    upstreamCalls: (await simulator.takeCalls()) / requests,
    requestsPerSecond: (requests / wallMs) * 1_000,
    p50Ms: latencyMs.p50,
  };
}
