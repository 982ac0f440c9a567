/** Builds simulated jobs from short specifications, and responders for jobs that never change. */
import type { Responder } from "./call.ts";
import { v4Success } from "./envelopes.ts";
import { type OutcomeDetails, outcome } from "./hosts.ts";
import {
  type HostPayload,
  type Id,
  type Job,
  type JobPayload,
  type Row,
  type Step,
  type StepPayload,
  span,
} from "./job.ts";
import { renderData } from "./render.ts";

export const SCRIPT = 1;
export const FILE = 2;
export const CONFIRM = 3;

export interface StepSpec {
  readonly id: Id;
  readonly type: number;
  readonly name: string;
  readonly status: number;
  /** Start and end time, in milliseconds since the epoch. Absent for a step that never started. */
  readonly ran?: readonly [start: number, end?: number];
  readonly retries?: number;
  readonly rows?: readonly Row[];
  /** Fields that replace the generated ones. */
  readonly overrides?: Partial<StepPayload>;
}

export interface JobSpec {
  readonly id: Id;
  readonly name: string;
  readonly status: number;
  readonly created: number;
  readonly ran?: readonly [start: number, end?: number];
  readonly steps: readonly StepSpec[];
  readonly overrides?: Partial<JobPayload>;
  readonly emptyLists?: boolean;
}

/** A job and its entry in the table of jobs. */
export interface ScriptedJobSpec {
  readonly title: string;
  readonly spec: JobSpec;
  /** `bk_scope_type:bk_scope_id`. Default: `biz:1` */
  readonly scope?: string;
}

/** Builds a job in scope `biz:1` unless overridden. All steps have the creation time of the job. */
export function buildJob(spec: JobSpec): Job {
  return {
    instance: {
      job_instance_id: spec.id,
      bk_scope_type: "biz",
      bk_scope_id: "1",
      // bk-job sends it only for businesses.
      ...(spec.overrides?.bk_scope_type === undefined && { bk_biz_id: 1 }),
      name: spec.name,
      status: spec.status,
      create_time: spec.created,
      ...(spec.ran && span(...spec.ran)),
      ...spec.overrides,
    },
    steps: spec.steps.map((step) => buildStep(step, spec.created)),
    ...(spec.emptyLists && { emptyLists: true }),
  };
}

const buildStep = (spec: StepSpec, created: number): Step => ({
  instance: {
    step_instance_id: spec.id,
    type: spec.type,
    name: spec.name,
    status: spec.status,
    execute_count: spec.retries ?? 0,
    create_time: created,
    ...(spec.ran && span(...spec.ran)),
    ...spec.overrides,
  },
  rows: spec.rows ?? [],
});

/** A host, its status and optionally its tag and exit code. */
export interface HostSpec extends OutcomeDetails {
  readonly host: HostPayload;
  readonly status: number;
}

/** Rows of a step that ran from `start` to `end`. Each host takes a little longer than the previous one. */
export function hostRows(
  stepType: number,
  [start, end]: readonly [start: number, end: number],
  hosts: readonly HostSpec[],
): Row[] {
  const minMs = (end - start) / 2;
  return hosts.map(({ host, status, ...details }, index) => {
    const durationMs = Math.round(minMs + (minMs * (index + 1)) / hosts.length);
    return { target: { host }, outcome: outcome(stepType, status, [start, start + durationMs], details) };
  });
}

/** Responds with the same job every time, its rows in a different order on every read. */
export function createStaticJob(job: Job): Responder {
  let reads = 0;
  return (call) => v4Success(call, renderData(job, { ...call, read: reads++ }));
}
