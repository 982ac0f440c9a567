/** A real Prometheus, as Debian's package `prometheus` installs it: at `PROMETHEUS_PATH` or `/usr/bin/prometheus`. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const PATH = process.env.PROMETHEUS_PATH ?? "/usr/bin/prometheus";
const PROMTOOL = join(dirname(PATH), "promtool");

/** Tests with Prometheus are skipped on machines without it. */
export const hasPrometheus = existsSync(PATH) && existsSync(PROMTOOL);

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Pairs of the time in seconds and the value. */
  readonly points: readonly (readonly [time: number, value: number])[];
}

interface Rule {
  readonly name: string;
  readonly health: string;
  readonly lastError: string;
  readonly query: string;
}

export interface Prometheus {
  /** Series with their value now. @throws the error of an invalid expression. */
  readonly query: (expression: string) => Promise<readonly Series[]>;
  readonly queryRange: (expression: string, range: Range) => Promise<readonly Series[]>;
  /** The alerting rules, after they have been evaluated. */
  readonly rules: () => Promise<readonly Rule[]>;
  readonly close: () => Promise<void>;
}

interface Range {
  /** In seconds. */
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

export interface PrometheusOptions {
  /** A configuration with `scrape_configs`. */
  readonly config: string;
  /** A file of rules. */
  readonly rules: string;
  /** Time between two scrapes, and between two evaluations of the rules. */
  readonly intervalMs: number;
}

/** Starts Prometheus on a free port, with its files in a temporary folder. Checks its files with promtool first. */
export async function startPrometheus({ config, rules, intervalMs }: PrometheusOptions): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), "prometheus-"));
  const [configFile, rulesFile] = [join(folder, "prometheus.yml"), join(folder, "rules.yml")];
  writeFileSync(rulesFile, rules);
  const interval = `${intervalMs}ms`;
  writeFileSync(
    configFile,
    `global: { scrape_interval: ${interval}, scrape_timeout: ${interval}, evaluation_interval: ${interval} }\n` +
      `rule_files: [${JSON.stringify(rulesFile)}]\n${config}`,
  );
  execFileSync(PROMTOOL, ["check", "config", configFile], { stdio: "pipe" });
  const child = spawn(PATH, [
    `--config.file=${configFile}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    "--web.listen-address=127.0.0.1:0",
  ]);
  const ended = new Promise((resolve) => child.once("close", resolve));
  const url = await new Promise<string>((resolve, reject) => {
    let log = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      const address = /msg="Listening on" address=(\S+)/.exec(log)?.[1];
      if (address !== undefined) resolve(`http://${address}`);
    });
    ended.then(() => reject(new Error(`Expected Prometheus to start, but it ended:\n${log}`)));
  });
  const read = (path: string, parameters: Record<string, string> = {}) => readApi(url, path, parameters);
  return {
    query: async (expression) => seriesOf(await read("query", { query: expression })),
    queryRange: async (expression, { start, end, step }) =>
      seriesOf(
        await read("query_range", {
          query: expression,
          start: String(start),
          end: String(end),
          step: String(step),
        }),
      ),
    rules: async () => {
      const { groups } = (await read("rules")) as { groups: readonly { rules: readonly Rule[] }[] };
      return groups.flatMap((group) => group.rules);
    },
    close: async () => {
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

/** @returns `data` of a response. @throws the error of a failed one. */
async function readApi(url: string, path: string, parameters: Record<string, string>): Promise<unknown> {
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const { status, data, error } = (await response.json()) as {
    status: string;
    data?: unknown;
    error?: string;
  };
  if (status !== "success") throw new Error(`${error} in ${JSON.stringify(parameters)}`);
  return data;
}

type Point = readonly [time: number, value: string];

/** The series of a result, without values that are not numbers, such as a percentile of no observations. */
function seriesOf(data: unknown): readonly Series[] {
  const { result } = data as {
    result: readonly { metric: Record<string, string>; value?: Point; values?: readonly Point[] }[];
  };
  return result
    .map(({ metric: labels, value, values = [] }) => ({
      labels,
      points: (value ? [value] : values)
        .map(([time, text]) => [time, Number(text)] as const)
        .filter(([, number]) => !Number.isNaN(number)),
    }))
    .filter(({ points }) => points.length > 0);
}
