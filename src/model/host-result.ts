/** One host result, decoded, and what tells it from the other results of its step. */
import { compareInt64, type Int64 } from "./int64.ts";

export interface Container {
  readonly id: Int64;
  readonly containerId: string;
  readonly name: string;
  readonly nodeHostId: Int64 | null;
}

/** Times and durations in milliseconds; null where the upstream is silent. */
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
 * What a result is on, flattened. Hosts are known by id, history from before host ids by cloud area and
 * addresses, containers by their CMDB id. `ordinal` tells several results on one target apart, from 0.
 */
export interface ResultKey {
  readonly kind: "host" | "address" | "container";
  /** Host id, cloud area id or container id, by kind. */
  readonly id: Int64 | null;
  /** `ip,ipv6` when that is all that is known, else empty. */
  readonly address: string;
  readonly ordinal: number;
}

/** The key as text, unique within a step: `host:101`, and `host:101#1` for a second result on that host. */
export const formatKey = ({ kind, id, address, ordinal }: ResultKey): string =>
  `${kind}:${id ?? ""}${address && `:${address}`}${ordinal === 0 ? "" : `#${ordinal}`}`;

const KIND_ORDER = { host: 0, address: 1, container: 2 } as const;

/** Hosts by id, bare addresses by cloud area and text, containers by id; 0 for two results on one target. */
const compareTargets = (a: ResultKey, b: ResultKey): number =>
  KIND_ORDER[a.kind] - KIND_ORDER[b.kind] ||
  compareNullable(a.id, b.id, compareInt64) ||
  compareText(a.address, b.address);

/** The stable order: by target, then by ordinal. */
export const compareKeys = (a: ResultKey, b: ResultKey): number =>
  compareTargets(a, b) || a.ordinal - b.ordinal;

/** By UTF-16 code units: the same on every machine, unlike locale order. */
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Absent values last. */
export function compareNullable<T>(a: T | null, b: T | null, compare: (a: T, b: T) => number): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return compare(a, b);
}
