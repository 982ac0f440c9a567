/** The servers that are compared. */
import { fileURLToPath } from "node:url";

/**
 * The operations that a server supports: `none` is the pass-through without GraphQL, `sdl` the project's own schema,
 * `rest` a schema in the upstream's form with whole host lists, `rest-filtered` the same with lists filtered and
 * counted by resolvers.
 */
export type Form = "none" | "sdl" | "rest" | "rest-filtered";

export interface Contestant {
  readonly name: string;
  readonly title: string;
  /** Script, from this folder. */
  readonly script: string;
  readonly form: Form;
  /** Whether it is this project's, which takes `--env` and `--profile`. */
  readonly isGateway: boolean;
  /** Whether its snapshot cache is on. */
  readonly hasSnapshots: boolean;
  /** Settings of this project's server that are not the defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  /** `Accept-Encoding` of the requests. By default they have none. */
  readonly acceptEncoding?: string;
}

export const FLOOR = "floor";
export const MERCURIUS = "mercurius";
export const MERCURIUS_REST = "mercurius-rest";
export const MERCURIUS_REST_FILTERED = "mercurius-rest-filtered";
export const GATEWAY = "gateway";
export const GATEWAY_DEFAULT = "gateway-default";

const other = { isGateway: false, hasSnapshots: false } as const;
const gateway = { form: "sdl", script: "../dist/main.js", isGateway: true } as const;
const rest = { ...other, script: "servers/mercurius-rest.ts" } as const;

export const CONTESTANTS: readonly Contestant[] = [
  {
    ...other,
    name: FLOOR,
    title: "floor: JSON.parse + JSON.stringify, no GraphQL",
    script: "servers/floor.ts",
    form: "none",
  },
  { ...rest, name: MERCURIUS_REST, title: "Mercurius with JIT, REST-shaped schema", form: "rest" },
  {
    ...rest,
    name: MERCURIUS_REST_FILTERED,
    title: "Mercurius with JIT, REST-shaped schema, filtered in resolvers",
    form: "rest-filtered",
  },
  {
    ...other,
    name: MERCURIUS,
    title: "Mercurius with JIT, this project's SDL",
    script: "servers/mercurius.ts",
    form: "sdl",
  },
  {
    ...other,
    name: "yoga",
    title: "GraphQL Yoga, this project's SDL",
    script: "servers/yoga.ts",
    form: "sdl",
  },
  {
    ...other,
    name: "apollo",
    title: "Apollo Server as documented, this project's SDL",
    script: "servers/apollo.ts",
    form: "sdl",
  },
  { ...gateway, name: GATEWAY, title: "**this gateway**, snapshots off", hasSnapshots: false },
  { ...gateway, name: GATEWAY_DEFAULT, title: "**this gateway**, default settings", hasSnapshots: true },
];

export const scriptOf = ({ script }: Contestant): string => fileURLToPath(new URL(script, import.meta.url));

/** The gateway with caching disabled and with optional features. */
export const variant = (name: string, title: string, changes: Partial<Contestant>): Contestant => ({
  ...gateway,
  hasSnapshots: false,
  name,
  title,
  ...changes,
});

/** Names of servers, with the gateway with default settings in place of the one without caching. */
export const withSnapshots = (names: readonly string[]): string[] => [
  ...new Set(names.map((name) => (name === GATEWAY ? GATEWAY_DEFAULT : name))),
];

/** @throws Error for a name that no server has. */
export function contestantOf(name: string): Contestant {
  const contestant = CONTESTANTS.find((one) => one.name === name);
  if (!contestant) throw new Error(`Expected the name of a server, got ${name}.`);
  return contestant;
}

/** Disables caching: every request is an upstream call, unless one for the same job is in flight. */
const NO_SNAPSHOTS = { SNAPSHOT_MAX_AGE_RUNNING_MS: "0", SNAPSHOT_MAX_AGE_FINISHED_MS: "0" };

/** The environment of a server. Settings that it does not contain, such as the log level, have their defaults. */
export const environmentOf = (
  { isGateway, hasSnapshots, settings }: Contestant,
  upstreamUrl: string,
  extra: Readonly<Record<string, string>>,
): Record<string, string> => ({
  JOB_API_URL: upstreamUrl,
  ...(isGateway && !hasSnapshots && NO_SNAPSHOTS),
  ...settings,
  ...(isGateway && extra),
});
