/**
 * A simulated job instance: the upstream's field names, with one form of rows for both dialects. Fields that the
 * upstream omits when null are optional; an explicit `null` is sent as `null`.
 */

/** Ids have 64 bits: `bigint` above 2^53. */
export type Id = number | bigint;

type Millis = number | null;

/** Start time, end time and duration. `total_time` can differ from end minus start; see `span`. */
export interface Span {
  readonly start_time?: Millis;
  readonly end_time?: Millis;
  readonly total_time?: Millis;
}

export interface HostPayload {
  readonly bk_host_id?: Id | null;
  readonly ip?: string | null;
  readonly bk_cloud_id?: number | null;
  readonly bk_cloud_name?: string;
  readonly ipv6?: string;
  readonly bk_agent_id?: string;
  readonly alive?: 0 | 1;
}

export interface ContainerPayload {
  readonly id: Id;
  readonly container_id: string;
  readonly name: string;
  readonly node_host_id?: Id;
}

/** The outcome of a step on one target: the fields of a row that both dialects share. */
export interface Outcome extends Span {
  readonly status: number;
  readonly tag?: string | null;
  readonly exit_code?: number | null;
  /** Only in the example of the documentation. */
  readonly error_code?: number;
}

/** A row of a host list: a host or container, and the outcome there. */
export interface Row {
  readonly target: { readonly host: HostPayload } | { readonly container: ContainerPayload };
  readonly outcome: Outcome;
}

export interface StepPayload extends Span {
  readonly step_instance_id: Id;
  readonly type: number;
  readonly name: string;
  readonly status: number;
  readonly execute_count: number;
  readonly create_time: number;
}

export interface JobPayload extends Span {
  readonly job_instance_id: Id;
  readonly bk_scope_type: string;
  readonly bk_scope_id: string;
  /** Undocumented, but often present. */
  readonly bk_biz_id?: number;
  readonly name: string;
  readonly status: number;
  readonly create_time: number;
}

export interface Step {
  readonly instance: StepPayload;
  readonly rows: readonly Row[];
}

/** A job with its steps, to be rendered in either dialect. */
export interface Job {
  readonly instance: JobPayload;
  readonly steps: readonly Step[];
  /** Whether empty host lists are sent as `[]`, as by bk-job 3.10 and older, instead of being omitted. */
  readonly emptyLists?: boolean;
}

/** The finished statuses of bk-job's `RunStatusEnum`. All others, unknown ones included, are not finished. */
const FINISHED: ReadonlySet<number> = new Set([3, 4, 5, 6, 8, 9, 11, 13, 14]);

/** The value of `finished` for a job status. */
export const isFinished = (status: number): boolean => FINISHED.has(status);

/** Start time, end time and duration. Without `end`, it is still running. */
export const span = (start: number, end?: number): Span =>
  end === undefined
    ? { start_time: start }
    : // bk-job reports 100 ms if the end is not after the start.
      { start_time: start, end_time: end, total_time: end > start ? end - start : 100 };
