/** Host rows of both dialects: the documented flat one, and the released one with hosts and containers. */
import type { Container, HostResult } from "../model/host-result.ts";
import type { HostTable } from "../model/host-table.ts";
import { tableOf } from "../model/host-table-builder.ts";
import type { Body } from "./body.ts";
import {
  int32,
  int64,
  type Json,
  object,
  optional,
  optionalInstant,
  optionalInt32,
  optionalInt64,
  optionalList,
  optionalSafeInteger,
  optionalString,
  string,
} from "./reader.ts";

/**
 * The host results of one step. Either list may arrive, whatever was asked for: the documented servers know
 * `step_ip_result_list`, released ones `step_execute_object_result_list`. Without either there are none.
 */
export function decodeHostResults(step: Json, { rowsOf }: Body): HostTable {
  const read = (list: unknown, name: string) => rowsOf(list) ?? tableOf(optionalList(list, name, decodeRow));
  const released = read(step.step_execute_object_result_list, "step_execute_object_result_list");
  return released.length > 0 ? released : read(step.step_ip_result_list, "step_ip_result_list");
}

function decodeRow(value: unknown): HostResult {
  const row = object(value, "");
  const hasTarget = row.execute_object !== undefined && row.execute_object !== null;
  return decodeResult(row, hasTarget ? decodeExecuteObject(row.execute_object) : decodeFlatHost(row));
}

/** The part of a result that says what it is on. */
type Target = Pick<
  HostResult,
  "hostId" | "ip" | "ipv6" | "cloudId" | "cloudName" | "agentId" | "isAgentAlive" | "container"
>;

function decodeResult(row: Json, target: Target): HostResult {
  const tag = optionalString(row.tag, "tag");
  return {
    ...target,
    statusCode: int32(row.status, "status"),
    tag: tag === "" ? null : tag,
    exitCode: optionalInt32(row.exit_code, "exit_code"),
    errorCode: optionalInt32(row.error_code, "error_code"),
    startedAt: optionalInstant(row.start_time, "start_time"),
    finishedAt: optionalInstant(row.end_time, "end_time"),
    durationMs: optionalSafeInteger(row.total_time, "total_time"),
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

/** The documented row names its host in line. */
const decodeFlatHost = (row: Json): Target => ({
  ...NO_TARGET,
  hostId: optionalInt64(row.bk_host_id, "bk_host_id"),
  ip: filled(row.ip, "ip"),
  ipv6: filled(row.ipv6, "ipv6"),
  cloudId: optionalInt64(row.bk_cloud_id, "bk_cloud_id"),
});

/** The released row has `{type, resource_id, host?, container?}`; `resource_id` repeats what is inside. */
function decodeExecuteObject(value: unknown): Target {
  const executeObject = object(value, "execute_object");
  const container = optionalContainer(executeObject.container, "execute_object.container");
  if (container !== null) return { ...NO_TARGET, container };
  const host = optionalObject(executeObject.host, "execute_object.host") ?? {};
  return {
    hostId: optionalInt64(host.bk_host_id, "execute_object.host.bk_host_id"),
    ip: filled(host.ip, "execute_object.host.ip"),
    ipv6: filled(host.ipv6, "execute_object.host.ipv6"),
    cloudId: optionalInt64(host.bk_cloud_id, "execute_object.host.bk_cloud_id"),
    cloudName: optionalString(host.bk_cloud_name, "execute_object.host.bk_cloud_name"),
    agentId: filled(host.bk_agent_id, "execute_object.host.bk_agent_id"),
    isAgentAlive: aliveFlag(host.alive, "execute_object.host.alive"),
    container: null,
  };
}

const optionalObject = optional(object);

/** 0 or 1; any other number is one of those that a later version may add, and says neither. */
const aliveFlag = (value: unknown, name: string): boolean | null => {
  const alive = optionalInt32(value, name);
  return alive === 0 || alive === 1 ? alive === 1 : null;
};

/** An address or id; an empty text is none. */
const filled = (value: unknown, name: string): string | null => optionalString(value, name) || null;

const optionalContainer = optional((value, name): Container => {
  const container = object(value, name);
  return {
    id: int64(container.id, `${name}.id`),
    containerId: string(container.container_id, `${name}.container_id`),
    name: string(container.name, `${name}.name`),
    nodeHostId: optionalInt64(container.node_host_id, `${name}.node_host_id`),
  };
});
