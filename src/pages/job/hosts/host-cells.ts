/**
 * All hosts of a step in columns, of which the grid draws cells. 50 000 hosts take about 1 MB, where an object for each
 * would take ten times as much, and work for the garbage collector at every update.
 */
import { hostStatus } from "../../../model/status.ts";
import type { HostCellFragment, RunPhase } from "../operations.generated.ts";

/** Phases of hosts in the order of attention that they need: the order "failed first" of the grid. */
export const HOST_PHASES = [
  "FAILED",
  "UNKNOWN",
  "STOPPED",
  "RUNNING",
  "PENDING",
  "SUCCEEDED",
] as const satisfies readonly RunPhase[];

export type HostPhase = (typeof HOST_PHASES)[number];

/** Index in `HOST_PHASES` of cells that have not been loaded. */
export const NOT_LOADED = 255;

/** In the column of exit codes: none. It is not an exit code of any operating system. */
const NO_EXIT_CODE = -(2 ** 31);

/** A host as text and numbers, for its tooltip. */
export interface HostCell {
  /** IPv4 address, else IPv6 address, else name of the container. */
  readonly name: string;
  readonly statusCode: number;
  readonly tag: string | null;
  readonly exitCode: number | null;
  readonly phase: HostPhase;
}

export interface HostCells {
  /** Number of hosts of the step. */
  readonly total: number;
  /** Writes loaded hosts from the row `at` on. */
  readonly write: (at: number, hosts: readonly HostCellFragment[]) => void;
  /** Index of the phase in `HOST_PHASES`, or `NOT_LOADED`. */
  readonly phaseIndexOf: (row: number) => number;
  readonly statusCodeOf: (row: number) => number;
  readonly tagOf: (row: number) => string | null;
  /** Whether an address of the host contains the text, as the filter `ipContains` of the gateway. */
  readonly hasAddress: (row: number, lowerCaseText: string) => boolean;
  /** Null if the host has not been loaded. */
  readonly cellOf: (row: number) => HostCell | null;
}

export function createHostCells(total: number): HostCells {
  const phases = new Uint8Array(total).fill(NOT_LOADED);
  const statusCodes = new Int32Array(total);
  const exitCodes = new Int32Array(total);
  const tags = createTexts(total);
  const ipv4 = new Uint32Array(total);
  /** Sparse: other names, and IPv6 addresses. */
  const names = new Map<number, string>();
  const ipv6 = new Map<number, string>();

  const writeRow = (row: number, host: HostCellFragment) => {
    const { statusCode, tag, exitCode, ip, ipv6: v6, container } = host;
    statusCodes[row] = statusCode;
    phases[row] = phaseIndexOf(statusCode);
    exitCodes[row] = exitCode ?? NO_EXIT_CODE;
    tags.write(row, tag);
    const packed = ip === null ? 0 : packIpv4(ip);
    ipv4[row] = packed;
    setOrDelete(names, row, packed === 0 ? (ip ?? v6 ?? container?.name ?? null) : null);
    setOrDelete(ipv6, row, v6?.toLowerCase() ?? null);
  };
  const nameOf = (row: number) => names.get(row) ?? unpackIpv4(ipv4[row] ?? 0);

  return {
    total,
    write: (at, hosts) =>
      hosts.forEach((host, index) => void (at + index < total && writeRow(at + index, host))),
    phaseIndexOf: (row) => phases[row] ?? NOT_LOADED,
    statusCodeOf: (row) => statusCodes[row] ?? 0,
    tagOf: tags.read,
    hasAddress: (row, text) =>
      ((ipv4[row] ?? 0) !== 0 && unpackIpv4(ipv4[row] ?? 0).includes(text)) ||
      (ipv6.get(row)?.includes(text) ?? false),
    cellOf: (row) => {
      const phase = HOST_PHASES[phases[row] ?? NOT_LOADED];
      const exitCode = exitCodes[row] ?? NO_EXIT_CODE;
      return phase === undefined
        ? null
        : {
            name: nameOf(row),
            statusCode: statusCodes[row] ?? 0,
            tag: tags.read(row),
            exitCode: exitCode === NO_EXIT_CODE ? null : exitCode,
            phase,
          };
    },
  };
}

/** Phases by status code. There are a few status codes, so it is filled once. */
const phaseIndexes = new Map<number, number>();

/** Index in `HOST_PHASES` of the phase of a status code. */
export function phaseIndexOf(statusCode: number): number {
  const known = phaseIndexes.get(statusCode);
  if (known !== undefined) return known;
  const phases: readonly RunPhase[] = HOST_PHASES;
  const index = phases.indexOf(hostStatus(statusCode).phase);
  phaseIndexes.set(statusCode, index);
  return index;
}

const setOrDelete = (map: Map<number, string>, row: number, value: string | null): void => {
  if (value === null) map.delete(row);
  else map.set(row, value);
};

/** A column of strings of which many are equal: each distinct one is stored once. */
function createTexts(total: number) {
  const indexes = new Uint32Array(total);
  const texts: (string | null)[] = [null];
  const indexOf = new Map<string, number>();
  return {
    write: (row: number, text: string | null) => {
      let index = text === null ? 0 : indexOf.get(text);
      if (index === undefined && text !== null) {
        index = texts.push(text) - 1;
        indexOf.set(text, index);
      }
      indexes[row] = index ?? 0;
    },
    read: (row: number): string | null => texts[indexes[row] ?? 0] ?? null,
  };
}

/** `10.0.0.1` as a number of 32 bits. 0 for any other text. */
function packIpv4(text: string): number {
  const parts = text.split(".");
  if (parts.length !== 4) return 0;
  let packed = 0;
  for (const part of parts) {
    const byte = Number(part);
    if (!/^\d{1,3}$/.test(part) || byte > 255) return 0;
    packed = packed * 256 + byte;
  }
  return unpackIpv4(packed) === text ? packed : 0;
}

const unpackIpv4 = (packed: number): string =>
  `${packed >>> 24}.${(packed >>> 16) & 255}.${(packed >>> 8) & 255}.${packed & 255}`;
