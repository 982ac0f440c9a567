/** The benchmark: `npm run bench`. See `options.ts` for what can be asked of it, README.md for how it measures. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { measureLatency } from "./latency.ts";
import { measureLive } from "./live.ts";
import { measure } from "./measure.ts";
import { measureMemory } from "./memory.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { deliveryTable, liveTable, stuckTable } from "./report/live-tables.ts";
import { profileTable } from "./report/profile.ts";
import { aimsTable, circumstances, type Results, summaryTable } from "./report/results.ts";
import { latencyTable, memoryTable, scalingTable } from "./report/tables.ts";
import { workloadTable } from "./report/workload-table.ts";
import { measureScaling } from "./scaling.ts";
import { WORKLOADS } from "./workloads.ts";

const RESULTS = fileURLToPath(new URL("RESULTS.md", import.meta.url));

/** Keeps what it prints. */
function createReport() {
  const sections: string[] = [];
  return {
    sections,
    add(title: string, ...paragraphs: string[]): void {
      const section = [`## ${title}`, ...paragraphs].join("\n\n");
      sections.push(section);
      process.stdout.write(`\n${section}\n`);
    },
  };
}

type Report = ReturnType<typeof createReport>;

const tell = (line: string) => void process.stderr.write(`${line}\n`);

async function runAll(options: Options, report: Report): Promise<Results> {
  const profile = (name: string): string[] =>
    options.profileFolder ? [profileTable(join(options.profileFolder, `${name}.cpuprofile`))] : [];

  const workloads: Results["workloads"][number][] = [];
  for (const workload of WORKLOADS.filter(({ name }) => options.parts.has(name))) {
    const measured = await measure(workload, options);
    workloads.push({ workload, measured });
    report.add(workload.title, workloadTable(measured), ...profile(workload.name));
  }
  const latency = options.parts.has("w5") ? await measureLatency(options) : null;
  if (latency) {
    const title = "W5: small queries while another connection loops the query for 10 000 hosts";
    report.add(title, latencyTable(latency), ...profile("w5"));
  }
  if (options.parts.has("scaling")) {
    report.add(
      "Cost as jobs grow: all host fields, `first: 10000`",
      "Of 50 000 hosts the floor returns all, the gateway the first page of 10 000.",
      scalingTable(await measureScaling(options)),
    );
  }
  if (options.parts.has("live")) {
    const measured = await measureLive(options, tell);
    const tables = [liveTable(measured), deliveryTable(measured), stuckTable(measured.stuck)];
    report.add("Live: viewers of one job", LIVE_NOTE, ...tables, ...profile("live-5000"));
  }
  if (options.parts.has("memory")) {
    const measured = await measureMemory(options, options.memoryMinutes, tell);
    report.add(`Memory over ${options.memoryMinutes} minutes of W3 and W4`, memoryTable(measured));
  }
  return { workloads, latency };
}

function build(): void {
  const root = fileURLToPath(new URL("..", import.meta.url));
  execFileSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: "inherit" });
}

const NOTE = `Medians over the rounds, with least and most in parentheses. CPU time is that of the server's whole
process, as the operating system counts it; ratios are taken round by round against the floor. Cold: a different job
each time and nothing kept. See README.md for the rest.`;

const LIVE_NOTE = `Polling: each asks the endpoint once a second, through the floor; where fewer answers came than
viewers asked for, that is all that this machine made. Gateway: each subscribes, with credentials of its own. CPU is
in percent of one core. Checks: each viewer's permission is looked at again every minute. Told: from the upstream's
answer with a change to the last viewer's result.`;

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  if (options.help) return void process.stdout.write(HELP);
  if (options.build) build();
  const report = createReport();
  const results = await runAll(options, report);
  const summary = [aimsTable(results), summaryTable(results)];
  const hasSummary = results.workloads.length > 0 || results.latency !== null;
  if (hasSummary) process.stdout.write(`\n## Summary\n\n${summary.join("\n\n")}\n`);
  if (!options.isComplete) return;
  const page = ["# What the gateway costs", circumstances(args), NOTE, ...summary, ...report.sections];
  writeFileSync(RESULTS, `${page.join("\n\n")}\n`);
  process.stdout.write(`\nWritten to ${RESULTS}.\n`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
