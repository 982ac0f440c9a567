/**
 * Answers with their keys in the order in which servers send them. Released bk-job serialises with Jackson, which
 * writes the fields without a name of their own first (`status` and `tag` before `execute_object`, `type` and `host`
 * before `resource_id`), then the named ones, each group as declared. The documented form follows the documentation's
 * example.
 */
import { isFinished, type JobInstance, type StepInstance } from "./job.ts";
import { DIALECTS, type Dialect, resourceId } from "./render.ts";
import type { BulkRow } from "./row-kinds.ts";

/** Keys of a job and of a step. Those that are absent are left out. */
const ORDERS = {
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

const inOrder = (fields: object, names: readonly string[]): object => {
  const byName = new Map(Object.entries(fields));
  return Object.fromEntries(names.flatMap((name) => (byName.has(name) ? [[name, byName.get(name)]] : [])));
};

/** `data` of a job with one step, whose host list is empty: where the rows go. */
export function serverData(
  job: JobInstance,
  step: StepInstance,
  { dialect, wantsRows }: { readonly dialect: Dialect; readonly wantsRows: boolean },
): object {
  const order = ORDERS[dialect];
  const list = wantsRows ? { [DIALECTS[dialect].listKey]: [] } : {};
  return {
    finished: isFinished(job.status),
    job_instance: inOrder(job, order.job),
    step_instance_list: [{ ...inOrder(step, order.step), ...list }],
  };
}

/** One row of a host list. */
export function serverRow(row: BulkRow, dialect: Dialect): object {
  const fields = dialect === "contract" ? contractRow(row) : releaseRow(row);
  const entries = Object.entries({ ...fields, ...row.extra });
  return Object.fromEntries(row.isReversed ? entries.reverse() : entries);
}

function contractRow({ target, outcome }: BulkRow): object {
  const { bk_host_id, ip, bk_cloud_id } = "host" in target ? target.host : {};
  const { status, tag, exit_code, ...times } = outcome;
  return { bk_host_id, ip, bk_cloud_id, status, tag, exit_code, error_code: 0, ...times };
}

function releaseRow({ target, outcome }: BulkRow): object {
  const { status, tag, ...rest } = outcome;
  const type = "host" in target ? 1 : 2;
  return {
    status,
    tag,
    execute_object: { type, ...released(target), resource_id: resourceId(target) },
    ...rest,
  };
}

function released(target: BulkRow["target"]): object {
  if ("container" in target) return target;
  const { bk_host_id, bk_cloud_id, bk_cloud_name, ip, ipv6, bk_agent_id, alive } = target.host;
  return { host: { bk_host_id, bk_cloud_id, bk_cloud_name, ip, ipv6, bk_agent_id, alive } };
}
