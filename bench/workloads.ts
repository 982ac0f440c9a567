/** The workloads. */
import type { BulkRowsKind } from "../src/simulator/bulk-jobs.ts";
import type { Dialect } from "../src/simulator/simulator.ts";
import { type Form, MERCURIUS, MERCURIUS_REST } from "./catalogue.ts";
import { ALL_HOSTS, OVERVIEW, SMALL } from "./queries.ts";
import { REST_ALL_HOSTS, REST_OVERVIEW_FILTERED, REST_OVERVIEW_WHOLE, REST_SMALL } from "./rest-queries.ts";

/** One kind of request. */
export interface Ask {
  /** For this project's SDL. */
  readonly query: string;
  /** For the REST-shaped schema; `filtered` only where filtering makes a difference. */
  readonly rest: (dialect: Dialect) => string;
  readonly restFiltered: ((dialect: Dialect) => string) | null;
  /** Number of hosts of the requested job. */
  readonly hosts: number;
  /** Whether the upstream has to send host rows. */
  readonly needsHosts: boolean;
}

/** Goal for the gateway's CPU time. */
export interface Goal {
  /** Maximum ratio to the floor. */
  readonly floor: Readonly<Record<Dialect, number>>;
  /** Maximum ratio to another server. */
  readonly peer: { readonly name: string; readonly factor: number } | null;
}

export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly ask: Ask;
  /** Cold: a different job each time. Hot: one job, and the gateway's snapshots are on. */
  readonly isHot: boolean;
  readonly goal: Goal | null;
  readonly connections: number;
  /** In one round, which also ends after `maxMs`. */
  readonly requests: number;
  readonly maxMs: number;
  readonly warmUp: number;
  /** Null: all. */
  readonly servers: readonly string[] | null;
}

/** The form of the upstream and the kind of its rows. */
export interface Upstream {
  readonly dialect: Dialect;
  readonly rows: BulkRowsKind;
}

export const UNTIDY: BulkRowsKind = { kind: "untidy", share: "all" };

const small: Ask = { query: SMALL, rest: REST_SMALL, restFiltered: null, hosts: 10, needsHosts: false };
/** All rows of a job, up to the largest page. */
export const allHosts = (hosts: number): Ask => ({
  query: ALL_HOSTS,
  rest: REST_ALL_HOSTS,
  restFiltered: null,
  hosts,
  needsHosts: true,
});
const overview: Ask = {
  query: OVERVIEW,
  rest: REST_OVERVIEW_WHOLE,
  restFiltered: REST_OVERVIEW_FILTERED,
  hosts: 10_000,
  needsHosts: true,
};

const cold = { isHot: false, servers: null, maxMs: 3_000 } as const;
const goal = (contract: number, release: number, peer: Goal["peer"]): Goal => ({
  floor: { contract, release },
  peer,
});

export const SMALL_ASK = small;
export const LARGE_ASK = allHosts(10_000);
export const OVERVIEW_ASK = overview;

export const WORKLOADS: readonly Workload[] = [
  {
    ...cold,
    name: "w1",
    title: "W1: small job, no hosts",
    ask: small,
    goal: goal(1.5, 1.5, { name: MERCURIUS_REST, factor: 1 }),
    connections: 4,
    requests: 10_000,
    warmUp: 5_000,
  },
  {
    ...cold,
    name: "w2",
    title: "W2: 1 000 hosts, all host fields",
    ask: allHosts(1_000),
    goal: goal(1.1, 1.1, { name: MERCURIUS_REST, factor: 1 }),
    connections: 4,
    requests: 800,
    warmUp: 300,
  },
  {
    ...cold,
    name: "w3",
    title: "W3: 10 000 hosts, all host fields",
    ask: LARGE_ASK,
    goal: goal(1, 1, { name: MERCURIUS_REST, factor: 0.7 }),
    connections: 2,
    requests: 100,
    warmUp: 50,
  },
  {
    ...cold,
    name: "w4",
    title: "W4: 10 000 hosts; summary, groups and the first 50 failed",
    ask: overview,
    goal: goal(0.7, 0.45, { name: MERCURIUS, factor: 1 }),
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
    goal: goal(0.1, 0.1, null),
    connections: 2,
    // Ends by `maxMs`: a snapshot of a finished job lives for 5 s.
    requests: 5_000,
    warmUp: 100,
  },
];

/** The operation of an ask for a server of that form; null when there is none. */
function queryFor({ query, rest, restFiltered }: Ask, form: Form, dialect: Dialect): string | null {
  if (form === "sdl") return query;
  if (form === "rest") return rest(dialect);
  return form === "rest-filtered" ? (restFiltered?.(dialect) ?? null) : null;
}

/** Whether servers of that form take part in an ask. */
export const isAskedOf = (ask: Ask, form: Form): boolean =>
  form === "none" || queryFor(ask, form, "release") !== null;

/** A request body in two parts: the id of the job goes in between. */
export type RequestBody = readonly [before: string, after: string];

/**
 * @returns the query of an ask and its request body. The floor has no query: its body says whether to request hosts.
 */
export function requestBody(
  ask: Ask,
  form: Form,
  dialect: Dialect,
): { readonly query: string; readonly body: RequestBody } {
  const mark = "JOB";
  const query = queryFor(ask, form, dialect) ?? "";
  const request =
    form === "none"
      ? { variables: { jobInstanceId: mark, hosts: ask.needsHosts } }
      : { query, variables: { jobInstanceId: mark } };
  const [before = "", after = ""] = JSON.stringify(request).split(mark);
  return { query, body: [before, after] };
}
