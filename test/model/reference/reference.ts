/**
 * A simple implementation of what the SDL specifies for host results, without regard to speed. It is based on the SDL
 * and the documentation, not on the program.
 */
import type {
  HostGroupKey,
  HostResultFilter,
  HostResultOrder,
  RunPhase,
} from "../../../src/model/sdl.generated.ts";
import type { Result } from "./random-rows.ts";

/** A host result as selected by `NODE_FIELDS`. */
export interface Node {
  readonly id: string;
  readonly hostId: string | null;
  readonly cloudId: string | null;
  readonly ip: string | null;
  readonly ipv6: string | null;
  readonly cloudName: string | null;
  readonly agentId: string | null;
  readonly isAgentAlive: boolean | null;
  readonly container: {
    readonly id: string;
    readonly containerId: string;
    readonly name: string;
    readonly nodeHostId: string | null;
  } | null;
  readonly status: string;
  readonly statusCode: number;
  readonly phase: RunPhase;
  readonly tag: string | null;
  readonly exitCode: number | null;
  readonly errorCode: number | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
}

export const NODE_FIELDS = `id hostId cloudId ip ipv6 cloudName agentId isAgentAlive
  container { id containerId name nodeHostId }
  status statusCode phase tag exitCode errorCode startedAt finishedAt durationMs`;

/** Names and phases of the statuses that random rows have. */
const STATUSES: Readonly<Record<number, readonly [name: string, phase: RunPhase]>> = {
  1: ["AGENT_ABNORMAL", "FAILED"],
  3: ["ALREADY_SUCCEEDED", "SUCCEEDED"],
  5: ["PENDING", "PENDING"],
  7: ["RUNNING", "RUNNING"],
  9: ["SUCCEEDED", "SUCCEEDED"],
  11: ["FAILED", "FAILED"],
  104: ["SCRIPT_NON_ZERO_EXIT", "FAILED"],
  403: ["FORCE_STOP_SUCCEEDED", "STOPPED"],
};

const text = (value: unknown): string | null => (value == null ? null : String(value));
const integer = (value: unknown): number | null => (value == null ? null : Number(value));
const instant = (value: unknown): string | null =>
  value == null ? null : new Date(Number(value)).toISOString();

/** The expected result without its `id`, which the gateway assigns. */
export function decode({ target, outcome }: Result): Omit<Node, "id"> {
  const host = "host" in target ? target.host : {};
  const statusCode = Number(outcome.status);
  const [status, phase] = STATUSES[statusCode] ?? ["UNRECOGNIZED", "UNKNOWN" as const];
  return {
    hostId: text(host.bk_host_id),
    cloudId: text(host.bk_cloud_id),
    ip: text(host.ip),
    ipv6: text(host.ipv6),
    cloudName: text(host.bk_cloud_name),
    agentId: text(host.bk_agent_id),
    isAgentAlive: host.alive == null ? null : host.alive === 1,
    container: "container" in target ? decodeContainer(target.container) : null,
    status,
    statusCode,
    phase,
    tag: text(outcome.tag) || null,
    exitCode: integer(outcome.exit_code),
    errorCode: integer(outcome.error_code),
    startedAt: instant(outcome.start_time),
    finishedAt: instant(outcome.end_time),
    durationMs: integer(outcome.total_time),
  };
}

const decodeContainer = (container: Readonly<Record<string, unknown>>): Node["container"] => ({
  id: String(container.id),
  containerId: String(container.container_id),
  name: String(container.name),
  nodeHostId: text(container.node_host_id),
});

export function filter(nodes: readonly Node[], conditions: HostResultFilter): Node[] {
  const { statuses, statusCodes, phases, hostIds, cloudIds, ipContains, tags, exitCodes } = conditions;
  const isOneOf = (values: readonly unknown[] | null | undefined, value: unknown) =>
    values == null || values.some((wanted) => wanted === value);
  return nodes.filter((node) => {
    const addresses = [node.ip, node.ipv6].filter((address) => address !== null);
    const part = (ipContains ?? "").toLowerCase();
    return (
      isOneOf(statuses, node.status) &&
      isOneOf(statusCodes, node.statusCode) &&
      isOneOf(phases, node.phase) &&
      isOneOf(hostIds, node.hostId) &&
      isOneOf(cloudIds, node.cloudId) &&
      isOneOf(tags, node.tag) &&
      isOneOf(exitCodes, node.exitCode) &&
      (part === "" || addresses.some((address) => address.toLowerCase().includes(part)))
    );
  });
}

const ipv4Number = (ip: string): bigint =>
  ip.split(".").reduce((number, octet) => number * 256n + BigInt(octet), 0n);

function ipv6Number(ip: string): bigint {
  const [head = "", tail] = ip.split("::");
  const groups = (part: string) =>
    part
      .split(":")
      .filter((group) => group !== "")
      .flatMap((group) => {
        if (!group.includes(".")) return [BigInt(`0x${group}`)];
        return [ipv4Number(group) / 65_536n, ipv4Number(group) % 65_536n];
      });
  const [front, back] = [groups(head), groups(tail ?? "")];
  const all = [...front, ...Array<bigint>(8 - front.length - back.length).fill(0n), ...back];
  return all.reduce((number, group) => number * 65_536n + group, 0n);
}

/** IPv4 addresses are sorted before IPv6 addresses. */
function addressNumber({ ip, ipv6 }: Node): bigint | null {
  if (ip !== null) return ipv4Number(ip);
  return ipv6 === null ? null : 2n ** 32n + ipv6Number(ipv6);
}

const ORDER_VALUES: Record<HostResultOrder["field"], (node: Node) => number | bigint | null> = {
  STATUS_CODE: (node) => node.statusCode,
  IP: addressNumber,
  STARTED_AT: (node) => (node.startedAt === null ? null : Date.parse(node.startedAt)),
  DURATION: (node) => node.durationMs,
  EXIT_CODE: (node) => node.exitCode,
};

/** Sorts `nodes`, which are in the stable order, stably. */
export function order(nodes: readonly Node[], { field, direction }: HostResultOrder): Node[] {
  const read = ORDER_VALUES[field];
  const known = nodes.filter((node) => read(node) !== null);
  const values = [...new Set(known.map(read))].sort((a, b) => ((a ?? 0) < (b ?? 0) ? -1 : 1));
  if (direction === "DESC") values.reverse();
  return [
    ...values.flatMap((value) => known.filter((node) => read(node) === value)),
    ...nodes.filter((node) => read(node) === null),
  ];
}

export interface Group {
  readonly status: string | null;
  readonly statusCode: number | null;
  readonly tag: string | null;
  readonly exitCode: number | null;
  readonly nodes: readonly Node[];
}

export function group(nodes: readonly Node[], by: readonly HostGroupKey[]): Group[] {
  const groups = new Map<string, Node[]>();
  for (const node of nodes) {
    const key = JSON.stringify([
      by.includes("STATUS") ? [node.statusCode, node.status] : [null, null],
      by.includes("TAG") ? node.tag : null,
      by.includes("EXIT_CODE") ? node.exitCode : null,
    ]);
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  return [...groups]
    .map(([key, members]): Group => {
      const [[statusCode, status], tag, exitCode] = JSON.parse(key);
      return { status, statusCode, tag, exitCode, nodes: members };
    })
    .sort(
      (a, b) =>
        absentFirst(a.statusCode, b.statusCode) ||
        absentFirst(a.tag, b.tag) ||
        absentFirst(a.exitCode, b.exitCode),
    );
}

function absentFirst<T extends number | string>(a: T | null, b: T | null): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}

export function summarize(nodes: readonly Pick<Node, "status" | "statusCode" | "phase">[]) {
  const inPhase = (phase: RunPhase) => nodes.filter((node) => node.phase === phase).length;
  const codes = [...new Set(nodes.map(({ statusCode }) => statusCode))].sort((a, b) => a - b);
  return {
    total: nodes.length,
    pending: inPhase("PENDING"),
    running: inPhase("RUNNING"),
    succeeded: inPhase("SUCCEEDED"),
    failed: inPhase("FAILED"),
    stopped: inPhase("STOPPED"),
    unknown: inPhase("UNKNOWN"),
    byStatus: codes.map((statusCode) => {
      const same = nodes.filter((node) => node.statusCode === statusCode);
      return { status: same[0]?.status, statusCode, count: same.length };
    }),
  };
}

export const SUMMARY_FIELDS =
  "total pending running succeeded failed stopped unknown byStatus { status statusCode count }";
