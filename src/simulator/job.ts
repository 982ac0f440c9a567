/**
 * A job instance as the simulator keeps it: the upstream's own names, but one row form for both dialects.
 * Fields that the upstream leaves out when null are optional; a written `null` is sent as `null`.
 */

/** Upstream ids are 64-bit; `bigint` for those above 2^53. */
export type Id = number | bigint;

type Millis = number | null;

/** When something ran. `total_time` can differ from the difference, see `span`. */
export interface Span {
  readonly start_time?: Millis;
  readonly end_time?: Millis;
  readonly total_time?: Millis;
}

export interface Host {
  readonly bk_host_id?: Id | null;
  readonly ip?: string | null;
  readonly bk_cloud_id?: number | null;
  readonly bk_cloud_name?: string;
  readonly ipv6?: string;
  readonly bk_agent_id?: string;
  readonly alive?: 0 | 1;
}

export interface Container {
  readonly id: Id;
  readonly container_id: string;
  readonly name: string;
  readonly node_host_id?: Id;
}

/** How one step went on one target: the part of a row that both dialects have. */
export interface Outcome extends Span {
  readonly status: number;
  readonly tag?: string | null;
  readonly exit_code?: number | null;
  /** In the documentation's example only. */
  readonly error_code?: number;
}

/** One row of a host list: `host` or `container`, and how it went there. */
export interface Row {
  readonly target: { readonly host: Host } | { readonly container: Container };
  readonly outcome: Outcome;
}

export interface StepInstance extends Span {
  readonly step_instance_id: Id;
  readonly type: number;
  readonly name: string;
  readonly status: number;
  readonly execute_count: number;
  readonly create_time: number;
}

export interface JobInstance extends Span {
  readonly job_instance_id: Id;
  readonly bk_scope_type: string;
  readonly bk_scope_id: string;
  /** An extra field beyond the contract, often present. */
  readonly bk_biz_id?: number;
  readonly name: string;
  readonly status: number;
  readonly create_time: number;
}

export interface Step {
  readonly instance: StepInstance;
  readonly rows: readonly Row[];
}

/** A job with its steps, ready to be rendered in either dialect. */
export interface Job {
  readonly instance: JobInstance;
  readonly steps: readonly Step[];
  /** Sends `[]` where others leave the host list out, as bk-job 3.10 and older do. */
  readonly emptyLists?: boolean;
}

/** Run statuses that count as finished; see bk-job's `RunStatusEnum`. Every other is not, also unknown ones. */
const FINISHED: ReadonlySet<number> = new Set([3, 4, 5, 6, 8, 9, 11, 13, 14]);

/** The upstream's `finished` of a job status. */
export const isFinished = (status: number): boolean => FINISHED.has(status);

/** Start, end and total of something that ran; without `end` it is still running. */
export const span = (start: number, end?: number): Span =>
  end === undefined
    ? { start_time: start }
    : // bk-job writes 100 ms for what ended no later than it began.
      { start_time: start, end_time: end, total_time: end > start ? end - start : 100 };
