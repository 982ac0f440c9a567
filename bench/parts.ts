/** The parts of a run: each is measured and adds its tables to the report. */
import { join } from "node:path";
import type { Dialect } from "../src/simulator/simulator.ts";
import { GATEWAY, GATEWAY_DEFAULT } from "./catalogue.ts";
import { measureCliff } from "./cliff.ts";
import { measureFeatures } from "./features.ts";
import { measureLatency } from "./latency.ts";
import { type MeasuredLive, measureLive } from "./live.ts";
import { measure } from "./measure.ts";
import type { MeasureOnce } from "./measurements.ts";
import { type MeasuredMemory, measureMemory } from "./memory.ts";
import type { Options } from "./options.ts";
import { cliffTable } from "./report/cliff-table.ts";
import { featuresTable } from "./report/features-table.ts";
import { deliveryTable, liveTable, socketTable, stuckTable } from "./report/live-tables.ts";
import { profileTable } from "./report/profile.ts";
import type { Results, WorkloadResult } from "./report/results.ts";
import { latencyTable, memoryTable, scalingTable } from "./report/tables.ts";
import { workloadTable } from "./report/workload-table.ts";
import { measureScaling } from "./scaling.ts";
import { type Upstream, WORKLOADS, type Workload } from "./workloads.ts";

/** Adds a section to the report. */
type Add = (title: string, ...paragraphs: string[]) => void;
/** Prints a line of progress. */
type ReportProgress = (line: string) => void;

const LIVE_NOTE = `Polling: each viewer calls the endpoint once a second, through the floor. A rate below one per viewer is the maximum
of this machine. Gateway: each viewer subscribes with its own credentials. CPU time is in percent of one core. Checks: each
viewer's permission is checked again every minute. Delay: time from the upstream's first response with a change until the
last viewer has received it.`;

const CLIFF_NOTE = `CPU time per request as a ratio to the same body with tidy rows, in the same round, on the gateway with
caching disabled and on the floor. Bold: above the goal, which is 1.25 for 1 % and 2 for all rows. \`untidy\` is the mix
that all other workloads use; \`white-space\` has line breaks and indentation between all tokens of the body.`;

/** Options of a run, and the functions with which its parts report. */
interface Run {
  readonly options: Options;
  readonly measureOnce: MeasureOnce;
  readonly add: Add;
  readonly progress: ReportProgress;
}

const upstreamOf = ({ options }: Run, dialect: Dialect): Upstream => ({ dialect, rows: options.rows });

/** The table of the gateway's profile, if one was recorded. */
function profile({ options }: Run, name: string, server = GATEWAY): string[] {
  const isMeasured = options.servers.includes(server) || options.servers.includes(GATEWAY);
  if (!options.profileFolder || !isMeasured) return [];
  return [profileTable(join(options.profileFolder, `${name}-${server}.cpuprofile`))];
}

async function runWorkload(run: Run, workload: Workload, dialect: Dialect) {
  const name = `${workload.name}-${dialect}`;
  const measured = await run.measureOnce(name, () =>
    measure(workload, upstreamOf(run, dialect), run.options),
  );
  const profiled = profile(run, name, workload.isHot ? GATEWAY_DEFAULT : GATEWAY);
  run.add(`${workload.title} (${dialect})`, workloadTable(measured), ...profiled);
  return { workload, dialect, measured };
}

async function runLatency(run: Run, dialect: Dialect) {
  const measured = await run.measureOnce(`w5-${dialect}`, () =>
    measureLatency(upstreamOf(run, dialect), run.options),
  );
  const title = `W5: small queries while another connection loops the query for 10 000 hosts (${dialect})`;
  run.add(title, latencyTable(measured), ...profile(run, `w5-${dialect}`));
  return { dialect, measured };
}

async function runCliff({ options, measureOnce, add, progress }: Run, dialect: Dialect) {
  const points = await measureOnce(`cliff-${dialect}`, () =>
    measureCliff(dialect, options.kinds, options, progress),
  );
  add(`Irregular rows (${dialect})`, CLIFF_NOTE, cliffTable(points));
  return { dialect, points };
}

async function runScaling(run: Run, dialect: Dialect): Promise<void> {
  const points = await run.measureOnce(`scaling-${dialect}`, () =>
    measureScaling(upstreamOf(run, dialect), run.options),
  );
  run.add(
    `Cost as jobs grow: all host fields, \`first: 10000\` (${dialect})`,
    "For the job with 50 000 hosts, the floor returns all hosts and the gateway the first page of 10 000.",
    scalingTable(points),
  );
}

const FEATURES_NOTE = `The gateway with caching disabled and with one optional feature, or none. Tracing sends to a
collector on the same machine, whose CPU time is not included; the metrics are not read. Responses are compressed by the
encoding that the client asks for.`;

async function runFeatures(run: Run): Promise<void> {
  const { dialects } = run.options;
  const dialect = dialects.includes("release") ? "release" : "contract";
  const all = await run.measureOnce("features", () => measureFeatures(upstreamOf(run, dialect), run.options));
  run.add(`Optional features (${dialect})`, FEATURES_NOTE, ...all.map(featuresTable));
}

async function runLive(run: Run): Promise<MeasuredLive> {
  const measured = await run.measureOnce("live", () => measureLive(run.options, run.progress));
  const sockets = measured.sockets ? [socketTable(measured.sockets)] : [];
  const tables = [liveTable(measured), deliveryTable(measured), ...sockets, stuckTable(measured.stuck)];
  run.add(
    "Live: viewers of one job",
    LIVE_NOTE,
    ...tables,
    ...profile(run, "live-web-socket-events-5000", GATEWAY_DEFAULT),
  );
  return measured;
}

async function runMemory(run: Run): Promise<readonly MeasuredMemory[]> {
  const { dialects, memoryMinutes } = run.options;
  // The larger bodies, when both forms are run.
  const dialect = dialects.includes("release") ? "release" : "contract";
  const measured = await run.measureOnce("memory", () =>
    measureMemory(upstreamOf(run, dialect), run.options, memoryMinutes, run.progress),
  );
  const title = `Memory over ${memoryMinutes} minutes of W3 and W4, default settings (${dialect})`;
  run.add(title, memoryTable(measured));
  return measured;
}

/** Runs the selected parts. @throws Error for the first wrong response. */
export async function runParts(run: Run): Promise<Results> {
  const { options } = run;
  const forDialects = async <T>(
    part: string,
    measurePart: (dialect: Dialect) => Promise<T>,
  ): Promise<T[]> => {
    const results: T[] = [];
    if (!options.parts.has(part)) return results;
    for (const dialect of options.dialects) results.push(await measurePart(dialect));
    return results;
  };
  const workloads: WorkloadResult[] = [];
  for (const workload of WORKLOADS) {
    workloads.push(...(await forDialects(workload.name, (dialect) => runWorkload(run, workload, dialect))));
  }
  const latency = await forDialects("w5", (dialect) => runLatency(run, dialect));
  const cliff = await forDialects("cliff", (dialect) => runCliff(run, dialect));
  await forDialects("scaling", (dialect) => runScaling(run, dialect));
  if (options.parts.has("features")) await runFeatures(run);
  const live = options.parts.has("live") ? await runLive(run) : null;
  const memory = options.parts.has("memory") ? await runMemory(run) : null;
  return { workloads, latency, cliff, live, memory };
}
