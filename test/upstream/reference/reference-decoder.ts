/**
 * A simple reader of bodies: `JSON.parse`, then host rows one by one as objects. The gateway's reader of bytes must
 * return exactly the same.
 */
import type { Container, HostResult } from "../../../src/model/host-result.ts";
import {
  decodeInt32,
  decodeInt64,
  decodeList,
  decodeObject,
  decodeOptionalInstant,
  decodeOptionalInt32,
  decodeOptionalInt64,
  decodeOptionalSafeInteger,
  decodeOptionalString,
  decodeString,
  type UpstreamObject,
} from "../../../src/upstream/decoders.ts";
import { tableOf } from "./table-of.ts";

type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown;

/** `JSON.parse` with bigints for integers that a number cannot represent; undefined for bytes that are not JSON. */
function parseExactly(bytes: Uint8Array): unknown {
  const exact: Reviver = (_key, value, context) => {
    const isInexact = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
    return isInexact && /^-?\d+$/.test(context?.source ?? "") ? BigInt(context?.source ?? "") : value;
  };
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes), exact);
  } catch {
    return undefined;
  }
}

const LISTS = ["step_execute_object_result_list", "step_ip_result_list"];

/** A body in the form of the gateway's reader: lists of host rows are functions. */
export function readBodyByReference(bytes: Uint8Array): unknown {
  const body = parseExactly(bytes);
  for (const step of stepsOf(body)) {
    for (const name of LISTS) {
      const rows = Object.hasOwn(step, name) ? step[name] : undefined;
      if (Array.isArray(rows)) step[name] = () => tableOf(decodeList(rows, "", decodeRow));
    }
  }
  return body;
}

function stepsOf(body: unknown): Record<string, unknown>[] {
  const isRecord = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null;
  const data = isRecord(body) ? body.data : null;
  const steps = isRecord(data) ? data.step_instance_list : null;
  return Array.isArray(steps) ? steps.filter(isRecord) : [];
}

function decodeRow(value: unknown): HostResult {
  const row = decodeObject(value, "");
  const hasTarget = row.execute_object !== undefined && row.execute_object !== null;
  return decodeResult(row, hasTarget ? decodeExecuteObject(row.execute_object) : decodeFlatHost(row));
}

/** The target fields of a result. */
type Target = Pick<
  HostResult,
  "hostId" | "ip" | "ipv6" | "cloudId" | "cloudName" | "agentId" | "isAgentAlive" | "container"
>;

function decodeResult(row: UpstreamObject, target: Target): HostResult {
  const tag = decodeOptionalString(row.tag, "tag");
  return {
    ...target,
    statusCode: decodeInt32(row.status, "status"),
    tag: tag === "" ? null : tag,
    exitCode: decodeOptionalInt32(row.exit_code, "exit_code"),
    errorCode: decodeOptionalInt32(row.error_code, "error_code"),
    startedAt: decodeOptionalInstant(row.start_time, "start_time"),
    finishedAt: decodeOptionalInstant(row.end_time, "end_time"),
    durationMs: decodeOptionalSafeInteger(row.total_time, "total_time"),
  };
}

const NO_TARGET: Target = {
  hostId: null,
  ip: null,
  ipv6: null,
  cloudId: null,
  cloudName: null,
  agentId: null,
  isAgentAlive: null,
  container: null,
};

/** The documented dialect has the host in the row itself. */
const decodeFlatHost = (row: UpstreamObject): Target => ({
  ...NO_TARGET,
  hostId: decodeOptionalInt64(row.bk_host_id, "bk_host_id"),
  ip: filled(row.ip, "ip"),
  ipv6: filled(row.ipv6, "ipv6"),
  cloudId: decodeOptionalInt64(row.bk_cloud_id, "bk_cloud_id"),
});

/** The released dialect has `{type, resource_id, host?, container?}`; `resource_id` repeats the id of the target. */
function decodeExecuteObject(value: unknown): Target {
  const executeObject = decodeObject(value, "execute_object");
  const container = optionalContainer(executeObject.container, "execute_object.container");
  if (container !== null) return { ...NO_TARGET, container };
  const host = optionalObject(executeObject.host, "execute_object.host") ?? {};
  return {
    hostId: decodeOptionalInt64(host.bk_host_id, "execute_object.host.bk_host_id"),
    ip: filled(host.ip, "execute_object.host.ip"),
    ipv6: filled(host.ipv6, "execute_object.host.ipv6"),
    cloudId: decodeOptionalInt64(host.bk_cloud_id, "execute_object.host.bk_cloud_id"),
    cloudName: decodeOptionalString(host.bk_cloud_name, "execute_object.host.bk_cloud_name"),
    agentId: filled(host.bk_agent_id, "execute_object.host.bk_agent_id"),
    isAgentAlive: aliveFlag(host.alive, "execute_object.host.alive"),
    container: null,
  };
}

/** Creates a decoder that returns null for null and absent values. */
const optional =
  <T>(decode: (value: unknown, name: string) => T) =>
  (value: unknown, name: string): T | null =>
    value === undefined || value === null ? null : decode(value, name);

const optionalObject = optional(decodeObject);

/** 0 or 1. Other numbers may be added by later versions and mean unknown. */
const aliveFlag = (value: unknown, name: string): boolean | null => {
  const alive = decodeOptionalInt32(value, name);
  return alive === 0 || alive === 1 ? alive === 1 : null;
};

/** An address or id; an empty string means absent. */
const filled = (value: unknown, name: string): string | null => decodeOptionalString(value, name) || null;

const optionalContainer = optional((value, name): Container => {
  const container = decodeObject(value, name);
  return {
    id: decodeInt64(container.id, `${name}.id`),
    containerId: decodeString(container.container_id, `${name}.container_id`),
    name: decodeString(container.name, `${name}.name`),
    nodeHostId: decodeOptionalInt64(container.node_host_id, `${name}.node_host_id`),
  };
});
