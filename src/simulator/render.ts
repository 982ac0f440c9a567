/** The `data` of a successful answer, in either dialect. */
import { isFinished, type Job, type Row, type Step } from "./job.ts";

/** `contract` is the documented form, `release` that of bk-job 3.12 and later. */
export type Dialect = "contract" | "release";

interface DialectNames {
  /** The query parameter that asks for host lists. The other dialect's is unknown, thus ignored. */
  readonly flag: string;
  /** The key of a step's host list. */
  readonly listKey: string;
  /** `bk_scope_type` values that a request may have. */
  readonly scopeTypes: readonly string[];
}

export const DIALECTS: Readonly<Record<Dialect, DialectNames>> = {
  contract: { flag: "return_ip_result", listKey: "step_ip_result_list", scopeTypes: ["biz", "biz_set"] },
  release: {
    flag: "return_execute_object_result",
    listKey: "step_execute_object_result_list",
    scopeTypes: ["biz", "biz_set", "tenant_set"],
  },
};

export interface RenderOptions {
  readonly dialect: Dialect;
  /** Whether the request asked for host lists. */
  readonly wantsRows: boolean;
  /** Which read of the job this is: every read lists the rows in another order. */
  readonly read: number;
}

/** `target_type` of an execute object. */
const HOST = 1;
const CONTAINER = 2;

/** Primes above any number of rows, so each is coprime to it and its multiples visit every row once. */
const STRIDES = [104_729, 1_299_709, 15_485_863] as const;

/** The `data` object of the answer. Absent fields are left out, as Jackson's NON_NULL does. */
export function renderData(job: Job, options: RenderOptions): Record<string, unknown> {
  return {
    finished: isFinished(job.instance.status),
    job_instance: job.instance,
    step_instance_list: job.steps.map((step) => renderStep(step, job, options)),
  };
}

function renderStep({ instance, rows }: Step, job: Job, options: RenderOptions): object {
  const { listKey } = DIALECTS[options.dialect];
  // Never for a step that has not started, nor for manual confirmation (type 3).
  const hasRows = options.wantsRows && instance.start_time != null && instance.type !== 3;
  if (!hasRows) return job.emptyLists ? { ...instance, [listKey]: [] } : instance;
  return { ...instance, [listKey]: renderRows(rows, options) };
}

/** The rows in the dialect's form and in an order of their own for this read: there is no guaranteed one. */
export const renderRows = (
  rows: readonly Row[],
  { dialect, read }: Omit<RenderOptions, "wantsRows">,
): object[] => inReadOrder(rows, read).flatMap(ROW_FORMS[dialect]);

/** The rows in the order that they have at this read. */
export function inReadOrder<T>(rows: readonly T[], read: number): T[] {
  const stride = STRIDES[read % STRIDES.length] ?? STRIDES[0];
  return rows.flatMap((_, index) => rows[(index * stride + read) % rows.length] ?? []);
}

const ROW_FORMS: Readonly<Record<Dialect, (row: Row) => object[]>> = {
  contract: contractRow,
  release: releaseRow,
};

/** No row at all for a container: the documented form has no way to say it. */
function contractRow({ target, outcome }: Row): object[] {
  if ("container" in target) return [];
  const { bk_host_id, ip, bk_cloud_id } = target.host;
  return [{ bk_host_id, ip, bk_cloud_id, ...outcome }];
}

function releaseRow({ target, outcome }: Row): object[] {
  const type = "host" in target ? HOST : CONTAINER;
  return [{ execute_object: { type, resource_id: resourceId(target), ...target }, ...outcome }];
}

/** Java's String.valueOf: history from before host ids has the text "null". */
export const resourceId = (target: Row["target"]): string =>
  String(("host" in target ? target.host.bk_host_id : target.container.id) ?? null);
