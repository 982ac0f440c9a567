/** The servers that are compared. */
import { fileURLToPath } from "node:url";

export interface Contestant {
  readonly name: string;
  readonly title: string;
  /** Script, from this folder. */
  readonly script: string;
}

export const FLOOR = "floor";
export const MERCURIUS = "mercurius";
export const GATEWAY = "gateway";

export const CONTESTANTS: readonly Contestant[] = [
  { name: FLOOR, title: "floor: JSON.parse + JSON.stringify, no GraphQL", script: "servers/floor.ts" },
  { name: MERCURIUS, title: "Mercurius with JIT", script: "servers/mercurius.ts" },
  { name: "yoga", title: "GraphQL Yoga", script: "servers/yoga.ts" },
  { name: "apollo", title: "Apollo Server as documented", script: "servers/apollo.ts" },
  { name: GATEWAY, title: "**this gateway**", script: "../dist/main.js" },
];

export const scriptOf = ({ script }: Contestant): string => fileURLToPath(new URL(script, import.meta.url));

/** Snapshots last for no time at all: every request is an upstream call, unless one for the same job is in flight. */
const COLD = { SNAPSHOT_MAX_AGE_RUNNING_MS: "0", SNAPSHOT_MAX_AGE_FINISHED_MS: "0" };

/** The environment of a server. Log level and all else stay what they are by default. */
export const environmentOf = (
  upstreamUrl: string,
  isHot: boolean,
  extra: Readonly<Record<string, string>>,
): Record<string, string> => ({ JOB_API_URL: upstreamUrl, ...(!isHot && COLD), ...extra });
