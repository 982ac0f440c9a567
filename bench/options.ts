/** The command line of `npm run bench`. */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CONTESTANTS } from "./catalogue.ts";
import type { RunOptions } from "./measure.ts";
import { WORKLOADS } from "./workloads.ts";

export const HELP = `npm run bench -- [options]

  --only w1,w3       parts to run: ${partNames().join(", ")}
  --servers a,b      servers to run: ${CONTESTANTS.map(({ name }) => name).join(", ")}
  --rounds N         rounds of every part but live and memory (3)
  --requests N       requests of a round, in place of each workload's own
  --env NAME=VALUE   a variable for the gateway; may be repeated
  --memory MINUTES   also loops W3 and W4 for so long, and shows RSS every 30 s
  --profile          the gateway writes CPU profiles to bench/profiles; the top of each is shown
  --no-build         takes dist/ as it is

Without --only, --servers, --requests, --env and --profile the results go to bench/RESULTS.md.
`;

function partNames(): string[] {
  return [...WORKLOADS.map(({ name }) => name), "w5", "scaling", "live", "memory"];
}

export interface Options extends RunOptions {
  readonly help: boolean;
  readonly build: boolean;
  /** Names of workloads, and w5, scaling, live, memory. */
  readonly parts: ReadonlySet<string>;
  readonly memoryMinutes: number;
  /** Whether all was run as it is meant to be, so that the results are worth keeping. */
  readonly isComplete: boolean;
}

const DEFAULT_MEMORY_MINUTES = 10;

/** @throws Error that says what was expected. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      help: { type: "boolean", default: false },
      build: { type: "boolean", default: true },
      only: { type: "string" },
      servers: { type: "string" },
      rounds: { type: "string", default: "3" },
      requests: { type: "string" },
      env: { type: "string", multiple: true, default: [] },
      memory: { type: "string" },
      profile: { type: "boolean", default: false },
    },
  });
  const { only, servers, rounds, requests, env, memory, profile, help, build } = values;
  const parts = names("--only", only, partNames());
  if (memory === undefined && only === undefined) parts.delete("memory");
  const isChanged = [only, servers, requests].some((value) => value !== undefined);
  return {
    help,
    build,
    parts,
    servers: [
      ...names(
        "--servers",
        servers,
        CONTESTANTS.map(({ name }) => name),
      ),
    ],
    rounds: count("--rounds", rounds),
    requests: requests === undefined ? null : count("--requests", requests),
    environment: Object.fromEntries(env.map(variable)),
    memoryMinutes: memory === undefined ? DEFAULT_MEMORY_MINUTES : count("--memory", memory),
    profileFolder: profile ? fileURLToPath(new URL("profiles", import.meta.url)) : null,
    isComplete: !isChanged && !profile && env.length === 0,
  };
}

function names(option: string, text: string | undefined, known: readonly string[]): Set<string> {
  if (text === undefined) return new Set(known);
  const given = text.split(",");
  const unknown = given.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`Expected ${option} to be of ${known.join(", ")}, got ${unknown}.`);
  return new Set(given);
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
