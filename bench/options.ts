/** The command line of `npm run bench`. */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { BulkRowsKind } from "../src/simulator/bulk-jobs.ts";
import type { RowKind } from "../src/simulator/bulk-rows.ts";
import type { Dialect } from "../src/simulator/simulator.ts";
import { CONTESTANTS, FLOOR, GATEWAY, MERCURIUS, MERCURIUS_REST } from "./catalogue.ts";
import { CLIFF_KINDS } from "./cliff.ts";
import type { RunOptions } from "./measure.ts";
import { UNTIDY, WORKLOADS } from "./workloads.ts";

const SERVERS = CONTESTANTS.map(({ name }) => name);
const PARTS = [...WORKLOADS.map(({ name }) => name), "w5", "cliff", "scaling", "features", "live", "memory"];
const DIALECTS = ["contract", "release"] as const satisfies readonly Dialect[];
const ROWS: Readonly<Record<string, BulkRowsKind>> = {
  untidy: UNTIDY,
  tidy: { kind: "tidy", share: "all" },
};

/** Defaults of `--quick`. */
const QUICK_SERVERS = [FLOOR, MERCURIUS_REST, MERCURIUS, GATEWAY];
const QUICK_PARTS = [...WORKLOADS.map(({ name }) => name), "w5"];
const QUICK_MAX_MS = 1_000;

export const HELP = `npm run bench -- [options]

  --quick            W1 to W5 on ${QUICK_SERVERS.join(", ")}, in short rounds; about five minutes
  --only w1,w3       parts to run: ${PARTS.join(", ")}
  --servers a,b      servers to run: ${SERVERS.join(", ")}
  --dialects a,b     forms of the upstream: ${DIALECTS.join(", ")} (both)
  --rows KIND        host rows of the upstream: ${Object.keys(ROWS).join(", ")} (untidy)
  --kinds a,b        kinds of irregular rows in the cliff part: ${CLIFF_KINDS.join(", ")}
  --rounds N         rounds of every part but live and memory (3)
  --requests N       requests of a round, in place of each workload's own
  --env NAME=VALUE   a variable for the gateway; may be repeated
  --memory MINUTES   how long the memory part takes (10)
  --profile          the gateway writes CPU profiles to bench/profiles; the top of each is printed
  --continue         keeps the measurements of each part in measurements.json, and uses those of the same commit and
                     options that are already there
  --no-build         uses dist/ as it is

Results are printed. With none of the options but --rounds, --memory, --continue and --no-build, they also replace bench/RESULTS.md.
`;

export interface Options extends RunOptions {
  readonly help: boolean;
  readonly build: boolean;
  /** Whether measurements are kept in a file, and those in the file are used. */
  readonly isContinued: boolean;
  /** Names of workloads, and w5, cliff, scaling, features, live, memory. */
  readonly parts: ReadonlySet<string>;
  readonly dialects: readonly Dialect[];
  readonly rows: BulkRowsKind;
  /** Of the cliff part. */
  readonly kinds: readonly RowKind[];
  readonly memoryMinutes: number;
  /** Whether this is a full run, whose results replace RESULTS.md. */
  readonly isComplete: boolean;
}

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      help: { type: "boolean", default: false },
      build: { type: "boolean", default: true },
      continue: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      servers: { type: "string" },
      dialects: { type: "string" },
      rows: { type: "string" },
      kinds: { type: "string" },
      rounds: { type: "string", default: "3" },
      requests: { type: "string" },
      env: { type: "string", multiple: true, default: [] },
      memory: { type: "string", default: "10" },
      profile: { type: "boolean", default: false },
    },
  }).values;

/** @throws Error for an invalid option. */
export function readOptions(args: readonly string[]): Options {
  const values = parse(args);
  const { only, servers, dialects, rows = "untidy", requests, env, quick, profile } = values;
  const isChanged = [only, servers, dialects, values.rows, values.kinds, requests].some(
    (value) => value !== undefined,
  );
  const rowsKind = ROWS[rows];
  if (!rowsKind)
    throw new Error(`Expected --rows to be one of ${Object.keys(ROWS).join(", ")}, got ${rows}.`);
  return {
    help: values.help,
    build: values.build,
    isContinued: values.continue,
    parts: new Set(names("--only", only, PARTS) ?? (quick ? QUICK_PARTS : PARTS)),
    servers: names("--servers", servers, SERVERS) ?? (quick ? QUICK_SERVERS : SERVERS),
    dialects: names("--dialects", dialects, DIALECTS) ?? DIALECTS,
    rows: rowsKind,
    kinds: names("--kinds", values.kinds, CLIFF_KINDS) ?? CLIFF_KINDS,
    rounds: count("--rounds", values.rounds),
    maxMs: quick ? QUICK_MAX_MS : Number.POSITIVE_INFINITY,
    requests: requests === undefined ? null : count("--requests", requests),
    environment: Object.fromEntries(env.map(variable)),
    memoryMinutes: count("--memory", values.memory),
    profileFolder: profile ? fileURLToPath(new URL("profiles", import.meta.url)) : null,
    isComplete: !isChanged && !quick && !profile && env.length === 0,
  };
}

/** The names in a list with commas; null when the option is not given. */
function names<T extends string>(option: string, text: string | undefined, known: readonly T[]): T[] | null {
  if (text === undefined) return null;
  const given = text.split(",");
  const unknown = given.filter((name) => !known.some((one) => one === name));
  if (unknown.length > 0) throw new Error(`Expected ${option} to be of ${known.join(", ")}, got ${unknown}.`);
  return known.filter((name) => given.includes(name));
}

function count(option: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`Expected ${option} to be a whole number, got ${text}.`);
  return Number(text);
}

function variable(text: string): [string, string] {
  const [, name, value] = /^(\w+)=(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new Error(`Expected --env to be NAME=VALUE, got ${text}.`);
  }
  return [name, value];
}
