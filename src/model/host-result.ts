/** A decoded host result, and the key that identifies it within its step. */
import { compareInt64, type Int64 } from "./int64.ts";

export interface Container {
  readonly id: Int64;
  readonly containerId: string;
  readonly name: string;
  readonly nodeHostId: Int64 | null;
}

/** Times and durations are in milliseconds; null if the upstream sends no value. */
export interface HostResult {
  readonly hostId: Int64 | null;
  readonly ip: string | null;
  readonly ipv6: string | null;
  readonly cloudId: Int64 | null;
  readonly cloudName: string | null;
  readonly agentId: string | null;
  readonly isAgentAlive: boolean | null;
  readonly container: Container | null;
  readonly statusCode: number;
  readonly tag: string | null;
  readonly exitCode: number | null;
  readonly errorCode: number | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly durationMs: number | null;
}

/**
 * Identifies a result by its target. Hosts are identified by id, hosts of old jobs without host ids by cloud area and
 * addresses, containers by their CMDB id. `ordinal` distinguishes several results on one target, from 0.
 */
export interface ResultKey {
  readonly kind: "host" | "address" | "container";
  /** Host id, cloud area id or container id, depending on the kind. */
  readonly id: Int64 | null;
  /** `ip,ipv6` for kind `address`, else empty. */
  readonly address: string;
  readonly ordinal: number;
}

/** The key as a string, unique within a step: `host:101`, or `host:101#1` for the second result on that host. */
export const formatKey = ({ kind, id, address, ordinal }: ResultKey): string =>
  `${kind}:${id ?? ""}${address && `:${address}`}${ordinal === 0 ? "" : `#${ordinal}`}`;

const KIND_ORDER = { host: 0, address: 1, container: 2 } as const;

/** Hosts by id, then addresses by cloud area and address, then containers by id. Returns 0 for equal targets. */
const compareTargets = (a: ResultKey, b: ResultKey): number =>
  KIND_ORDER[a.kind] - KIND_ORDER[b.kind] ||
  compareNullable(a.id, b.id, compareInt64) ||
  compareText(a.address, b.address);

/** The stable order: by target, then by ordinal. */
export const compareKeys = (a: ResultKey, b: ResultKey): number =>
  compareTargets(a, b) || a.ordinal - b.ordinal;

/** Compares UTF-16 code units. Unlike locale order, the result is the same on every machine. */
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Absent values last. */
export function compareNullable<T>(a: T | null, b: T | null, compare: (a: T, b: T) => number): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return compare(a, b);
}
