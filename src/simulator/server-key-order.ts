/**
 * Renders jobs and rows with their keys in the order of real servers. Released versions of bk-job serialize with
 * Jackson, which writes fields without `@JsonProperty` first (`status` and `tag` before `execute_object`, `type` and
 * `host` before `resource_id`), then the annotated ones, each group in the order of declaration. The documented form
 * has the order of the documentation's example.
 */

import type { BulkRow } from "./bulk-rows.ts";
import { isFinished, type JobPayload, type StepPayload } from "./job.ts";
import { DIALECT_NAMES, type Dialect, resourceId } from "./render.ts";

/** Key order of jobs and steps. Absent keys are omitted. */
const KEY_ORDERS = {
  release: {
    job: [
      ...["bk_biz_id", "bk_scope_type", "bk_scope_id", "job_instance_id", "status", "name"],
      ...["create_time", "start_time", "end_time", "total_time"],
    ],
    step: [
      ...["step_instance_id", "name", "status", "type", "execute_count"],
      ...["start_time", "end_time", "total_time", "create_time"],
    ],
  },
  contract: {
    job: [
      ...["job_instance_id", "bk_scope_type", "bk_scope_id", "name", "create_time", "status"],
      ...["start_time", "end_time", "total_time"],
    ],
    step: [
      ...["status", "total_time", "name", "step_instance_id", "execute_count"],
      ...["create_time", "end_time", "type", "start_time"],
    ],
  },
} as const satisfies Record<Dialect, object>;

const withKeyOrder = (fields: object, names: readonly string[]): object => {
  const byName = new Map(Object.entries(fields));
  return Object.fromEntries(names.flatMap((name) => (byName.has(name) ? [[name, byName.get(name)]] : [])));
};

/** The `data` of a job with one step. Its host list is empty; the caller inserts the rows. */
export function serverData(
  job: JobPayload,
  step: StepPayload,
  { dialect, wantsRows }: { readonly dialect: Dialect; readonly wantsRows: boolean },
): object {
  const order = KEY_ORDERS[dialect];
  const list = wantsRows ? { [DIALECT_NAMES[dialect].listKey]: [] } : {};
  return {
    finished: isFinished(job.status),
    job_instance: withKeyOrder(job, order.job),
    step_instance_list: [{ ...withKeyOrder(step, order.step), ...list }],
  };
}

/** A row of a host list. */
export function serverRow(row: BulkRow, dialect: Dialect): object {
  const fields = dialect === "contract" ? orderedContractRow(row) : orderedReleaseRow(row);
  const entries = Object.entries({ ...fields, ...row.extra });
  return Object.fromEntries(row.isReversed ? entries.reverse() : entries);
}

function orderedContractRow({ target, outcome }: BulkRow): object {
  const { bk_host_id, ip, bk_cloud_id } = "host" in target ? target.host : {};
  const { status, tag, exit_code, ...times } = outcome;
  return { bk_host_id, ip, bk_cloud_id, status, tag, exit_code, error_code: 0, ...times };
}

function orderedReleaseRow({ target, outcome }: BulkRow): object {
  const { status, tag, ...rest } = outcome;
  const type = "host" in target ? 1 : 2;
  return {
    status,
    tag,
    execute_object: { type, ...orderedTarget(target), resource_id: resourceId(target) },
    ...rest,
  };
}

function orderedTarget(target: BulkRow["target"]): object {
  if ("container" in target) return target;
  const { bk_host_id, bk_cloud_id, bk_cloud_name, ip, ipv6, bk_agent_id, alive } = target.host;
  return { host: { bk_host_id, bk_cloud_id, bk_cloud_name, ip, ipv6, bk_agent_id, alive } };
}
