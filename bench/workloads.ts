/** What is measured. */
import type { Dialect } from "../src/simulator/simulator.ts";
import { FLOOR, GATEWAY, MERCURIUS } from "./catalogue.ts";
import { ALL_HOSTS, OVERVIEW, SMALL } from "./queries.ts";

/** One kind of request. */
export interface Ask {
  readonly query: string;
  /** Hosts of the job asked for. */
  readonly hosts: number;
  /** Whether host rows have to be asked of the upstream. */
  readonly needsHosts: boolean;
}

export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly ask: Ask;
  readonly dialect: Dialect;
  /** Cold: a different job each time, and the gateway keeps nothing. Hot: one job, and its defaults. */
  readonly isHot: boolean;
  /** The gateway's CPU time is to be at most so many times the floor's. Null: no aim. */
  readonly aim: number | null;
  readonly connections: number;
  /** In one round; it also ends after `maxMs`. */
  readonly requests: number;
  readonly maxMs: number;
  readonly warmUp: number;
  /** Null: all. */
  readonly servers: readonly string[] | null;
}

const small: Ask = { query: SMALL, hosts: 10, needsHosts: false };
/** A job's rows as a whole: as many as there are, or the largest page. */
export const allHosts = (hosts: number): Ask => ({ query: ALL_HOSTS, hosts, needsHosts: true });
const overview: Ask = { query: OVERVIEW, hosts: 10_000, needsHosts: true };

const cold = { dialect: "release", isHot: false, aim: null, servers: null, maxMs: 3_000 } as const;

export const SMALL_ASK = small;
export const LARGE_ASK = allHosts(10_000);
export const OVERVIEW_ASK = overview;

export const WORKLOADS: readonly Workload[] = [
  {
    ...cold,
    name: "w1",
    title: "W1: small job, no hosts",
    ask: small,
    aim: 1.5,
    connections: 4,
    requests: 10_000,
    warmUp: 5_000,
  },
  {
    ...cold,
    name: "w2",
    title: "W2: 1 000 hosts, all host fields",
    ask: allHosts(1_000),
    aim: 1.3,
    connections: 4,
    requests: 800,
    warmUp: 300,
  },
  {
    ...cold,
    name: "w3",
    title: "W3: 10 000 hosts, all host fields",
    ask: LARGE_ASK,
    aim: 1.3,
    connections: 2,
    requests: 100,
    warmUp: 50,
  },
  {
    ...cold,
    name: "w4",
    title: "W4: 10 000 hosts; summary, groups and the first 50 failed",
    ask: overview,
    aim: 0.75,
    connections: 2,
    requests: 100,
    warmUp: 50,
  },
  {
    ...cold,
    name: "w4-hot",
    title: "W4 hot: the same job again within the snapshot's time",
    ask: overview,
    isHot: true,
    aim: 0.1,
    connections: 2,
    requests: 5_000,
    // Ended by `maxMs`: a snapshot of a finished job is kept for 5 s.
    warmUp: 100,
  },
  {
    ...cold,
    name: "w2-contract",
    title: "W2 in the documented form (`contract`)",
    ask: allHosts(1_000),
    dialect: "contract",
    servers: [FLOOR, MERCURIUS, GATEWAY],
    connections: 4,
    requests: 800,
    warmUp: 300,
  },
  {
    ...cold,
    name: "w3-contract",
    title: "W3 in the documented form (`contract`)",
    ask: LARGE_ASK,
    dialect: "contract",
    servers: [FLOOR, MERCURIUS, GATEWAY],
    connections: 2,
    requests: 100,
    warmUp: 50,
  },
];

/** The request body of an ask: the same for every server, except that the floor is told whether to ask for hosts. */
export function requestBody({ query, needsHosts }: Ask, isFloor: boolean): readonly [string, string] {
  const mark = "JOB";
  const variables = isFloor ? { jobInstanceId: mark, hosts: needsHosts } : { jobInstanceId: mark };
  const [before = "", after = ""] = JSON.stringify(isFloor ? { variables } : { query, variables }).split(
    mark,
  );
  return [before, after];
}
