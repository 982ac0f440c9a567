/** The `data` of a successful response, in either dialect. */
import { isFinished, type Job, type Row, type Step } from "./job.ts";

/** `contract` is the documented form, `release` that of bk-job 3.12 and later. */
export type Dialect = "contract" | "release";

interface DialectNames {
  /** The query parameter that requests host results. A server ignores the one of the other dialect. */
  readonly flag: string;
  /** The key of a step's host list. */
  readonly listKey: string;
  /** Valid values of `bk_scope_type` in a request. */
  readonly scopeTypes: readonly string[];
}

export const DIALECT_NAMES: Readonly<Record<Dialect, DialectNames>> = {
  contract: { flag: "return_ip_result", listKey: "step_ip_result_list", scopeTypes: ["biz", "biz_set"] },
  release: {
    flag: "return_execute_object_result",
    listKey: "step_execute_object_result_list",
    scopeTypes: ["biz", "biz_set", "tenant_set"],
  },
};

export interface RenderOptions {
  readonly dialect: Dialect;
  /** Whether the request wants host results. */
  readonly wantsRows: boolean;
  /** Number of earlier reads of the job. Every read returns the rows in a different order. */
  readonly read: number;
}

/** `target_type` of an execute object. */
const HOST_TARGET = 1;
const CONTAINER_TARGET = 2;

/** Primes larger than any number of rows. Each is coprime to that number, so its multiples visit every row once. */
const STRIDES = [104_729, 1_299_709, 15_485_863] as const;

/** The `data` object. Absent fields are omitted, as by Jackson's NON_NULL. */
export function renderData(job: Job, options: RenderOptions): Record<string, unknown> {
  return {
    finished: isFinished(job.instance.status),
    job_instance: job.instance,
    step_instance_list: job.steps.map((step) => renderStep(step, job, options)),
  };
}

function renderStep({ instance, rows }: Step, job: Job, options: RenderOptions): object {
  const { listKey } = DIALECT_NAMES[options.dialect];
  // Steps that have not started and manual confirmations (type 3) have no host list.
  const hasRows = options.wantsRows && instance.start_time != null && instance.type !== 3;
  if (!hasRows) return job.emptyLists ? { ...instance, [listKey]: [] } : instance;
  return { ...instance, [listKey]: renderRows(rows, options) };
}

/** The rows in the dialect's form, in the order of this read. Real servers guarantee no order. */
export const renderRows = (
  rows: readonly Row[],
  { dialect, read }: Omit<RenderOptions, "wantsRows">,
): object[] => inReadOrder(rows, read).flatMap(ROW_FORMS[dialect]);

/** The rows in the order of this read. */
export function inReadOrder<T>(rows: readonly T[], read: number): T[] {
  const stride = STRIDES[read % STRIDES.length] ?? STRIDES[0];
  return rows.flatMap((_, index) => rows[(index * stride + read) % rows.length] ?? []);
}

const ROW_FORMS: Readonly<Record<Dialect, (row: Row) => object[]>> = {
  contract: contractRow,
  release: releaseRow,
};

/** Containers are omitted: the documented form cannot express them. */
function contractRow({ target, outcome }: Row): object[] {
  if ("container" in target) return [];
  const { bk_host_id, ip, bk_cloud_id } = target.host;
  return [{ bk_host_id, ip, bk_cloud_id, ...outcome }];
}

function releaseRow({ target, outcome }: Row): object[] {
  const type = "host" in target ? HOST_TARGET : CONTAINER_TARGET;
  return [{ execute_object: { type, resource_id: resourceId(target), ...target }, ...outcome }];
}

/** As Java's String.valueOf: `"null"` for old jobs without host ids. */
export const resourceId = (target: Row["target"]): string =>
  String(("host" in target ? target.host.bk_host_id : target.container.id) ?? null);
