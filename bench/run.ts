/** The benchmark: `npm run bench`. See `options.ts` for the options and README.md for the method. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { continueMeasurements, measureAll } from "./measurements.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { runParts } from "./parts.ts";
import { cpuGoalsTable, otherGoals } from "./report/goals.ts";
import { circumstances, commit, cpuTable, type Results, rssTable } from "./report/results.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const RESULTS = fileURLToPath(new URL("RESULTS.md", import.meta.url));
const MEASUREMENTS = fileURLToPath(new URL("measurements.json", import.meta.url));

/** Prints sections and collects them for RESULTS.md. */
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

function build(): void {
  execFileSync("npm", ["run", "--silent", "build"], { cwd: ROOT, stdio: "inherit" });
}

const NOTE = `Medians over the rounds, with the lowest and the highest in parentheses. CPU time is that of the server's
whole process, as counted by the operating system. Ratios are computed round by round, to the floor unless the column says
otherwise. Cold workloads request a different job each time. The upstream sends untidy rows, in the documented form
(\`contract\`) and in that of released servers (\`release\`). README.md says what each server does and how it is measured.`;

const GOALS_NOTE = `CPU time as a ratio to the floor's. The goals apply to the gateway with caching disabled, so that every request causes an
upstream call, and in W4 hot to its default settings. The second goal compares with another server of the same run.`;

function summary(results: Results, { dialects }: Options): string[] {
  const hasWorkloads = results.workloads.length > 0;
  const tables = dialects.flatMap((dialect) => [cpuTable(results, dialect), rssTable(results, dialect)]);
  return [
    ...(hasWorkloads ? ["## Goals", GOALS_NOTE, cpuGoalsTable(results)] : []),
    ...otherGoals(results),
    ...(hasWorkloads ? ["## All servers", ...tables] : []),
  ];
}

/** The options that measurements depend on, apart from the parts. */
const measuredWith = (options: Options): string =>
  JSON.stringify({ ...options, isContinued: true, build: true, isComplete: true, parts: [] });

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  if (options.help) return void process.stdout.write(HELP);
  if (options.build) build();
  const report = createReport();
  const progress = (line: string) => void process.stderr.write(`${line}\n`);
  const measureOnce = options.isContinued
    ? continueMeasurements(MEASUREMENTS, `${commit()} ${measuredWith(options)}`)
    : measureAll;
  const results = await runParts({ options, measureOnce, add: report.add, progress });
  const sums = summary(results, options);
  process.stdout.write(`\n${sums.join("\n\n")}\n`);
  if (!options.isComplete) return;
  const page = ["# What the gateway costs", circumstances(args), NOTE, ...sums, ...report.sections];
  writeFileSync(RESULTS, `${page.join("\n\n")}\n`);
  execFileSync("npx", ["biome", "format", "--write", RESULTS], { cwd: ROOT, stdio: "ignore" });
  process.stdout.write(`\nWritten to ${RESULTS}.\n`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
