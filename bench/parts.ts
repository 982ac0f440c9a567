/** The parts of a run, one after the other: each is measured, and its tables are told. */
import { join } from "node:path";
import type { Dialect } from "../src/simulator/simulator.ts";
import { GATEWAY } from "./catalogue.ts";
import { measureCliff } from "./cliff.ts";
import { measureLatency } from "./latency.ts";
import { type MeasuredLive, measureLive } from "./live.ts";
import { measure } from "./measure.ts";
import { type MeasuredMemory, measureMemory } from "./memory.ts";
import type { Options } from "./options.ts";
import { cliffTable } from "./report/cliff-table.ts";
import { deliveryTable, liveTable, socketTable, stuckTable } from "./report/live-tables.ts";
import { profileTable } from "./report/profile.ts";
import type { Results } from "./report/results.ts";
import { latencyTable, memoryTable, scalingTable } from "./report/tables.ts";
import { workloadTable } from "./report/workload-table.ts";
import { measureScaling } from "./scaling.ts";
import { type Upstream, WORKLOADS, type Workload } from "./workloads.ts";

/** Takes a section of the report. */
type Add = (title: string, ...paragraphs: string[]) => void;
/** Takes a line about how far it is. */
type Tell = (line: string) => void;

const LIVE_NOTE = `Polling: each viewer asks the endpoint once a second, through the floor; where fewer answers came than
viewers asked for, that is all that this machine made. Gateway: each subscribes, with its own credentials. CPU is in
percent of one core. Checks: each viewer's permission is checked again every minute. Delay: from the upstream's first
answer with a change to the last viewer's result.`;

const CLIFF_NOTE = `CPU time per request as a ratio to the same body with tidy rows, in the same round, on the gateway with
snapshots off and on the floor. Bold: above the goal, 1.25 for 1 % and 2 for all. \`untidy\` is the mix that all other
workloads have; \`white-space\` has line breaks and indentation between all tokens of the body.`;

export function createParts(options: Options, add: Add, tell: Tell) {
  const upstreamOf = (dialect: Dialect): Upstream => ({ dialect, rows: options.rows });
  const profile = (name: string): string[] => {
    if (!options.profileFolder || !options.servers.includes(GATEWAY)) return [];
    return [profileTable(join(options.profileFolder, `${name}-${GATEWAY}.cpuprofile`))];
  };

  const runWorkload = async (workload: Workload, dialect: Dialect) => {
    const measured = await measure(workload, upstreamOf(dialect), options);
    const title = `${workload.title} (${dialect})`;
    add(title, workloadTable(measured), ...profile(`${workload.name}-${dialect}`));
    return { workload, dialect, measured };
  };

  const runLatency = async (dialect: Dialect) => {
    const measured = await measureLatency(upstreamOf(dialect), options);
    const title = `W5: small queries while another connection loops the query for 10 000 hosts (${dialect})`;
    add(title, latencyTable(measured), ...profile(`w5-${dialect}`));
    return { dialect, measured };
  };

  const runCliff = async (dialect: Dialect) => {
    const points = await measureCliff(dialect, options, tell);
    add(`Odd rows (${dialect})`, CLIFF_NOTE, cliffTable(points));
    return { dialect, points };
  };

  const runScaling = async (dialect: Dialect): Promise<void> => {
    add(
      `Cost as jobs grow: all host fields, \`first: 10000\` (${dialect})`,
      "Of 50 000 hosts the floor returns all, the gateway the first page of 10 000.",
      scalingTable(await measureScaling(upstreamOf(dialect), options)),
    );
  };

  const runLive = async (): Promise<MeasuredLive> => {
    const measured = await measureLive(options, tell);
    const sockets = measured.sockets ? [socketTable(measured.sockets)] : [];
    const tables = [liveTable(measured), deliveryTable(measured), ...sockets, stuckTable(measured.stuck)];
    add("Live: viewers of one job", LIVE_NOTE, ...tables, ...profile("live-5000"));
    return measured;
  };

  const runMemory = async (): Promise<readonly MeasuredMemory[]> => {
    // The larger bodies, when both forms are run.
    const dialect = options.dialects.includes("release") ? "release" : "contract";
    const measured = await measureMemory(upstreamOf(dialect), options, options.memoryMinutes, tell);
    const title = `Memory over ${options.memoryMinutes} minutes of W3 and W4, default settings (${dialect})`;
    add(title, memoryTable(measured));
    return measured;
  };

  /** What `run` gives for each dialect, in turn. Nothing when the part was not asked for. */
  const forDialects = async <T>(part: string, run: (dialect: Dialect) => Promise<T>): Promise<T[]> => {
    const results: T[] = [];
    if (options.parts.has(part)) for (const dialect of options.dialects) results.push(await run(dialect));
    return results;
  };

  return {
    run: async (): Promise<Results> => {
      const workloads = [];
      for (const workload of WORKLOADS) {
        workloads.push(...(await forDialects(workload.name, (dialect) => runWorkload(workload, dialect))));
      }
      const latency = await forDialects("w5", runLatency);
      const cliff = await forDialects("cliff", runCliff);
      await forDialects("scaling", runScaling);
      const live = options.parts.has("live") ? await runLive() : null;
      const memory = options.parts.has("memory") ? await runMemory() : null;
      return { workloads, latency, cliff, live, memory };
    },
  };
}
