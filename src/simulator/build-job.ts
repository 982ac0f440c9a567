/** Short forms for writing jobs down as data. */

import { outcome, type Say } from "./hosts.ts";
import {
  type Host,
  type Id,
  type Job,
  type JobInstance,
  type Row,
  type Step,
  type StepInstance,
  span,
} from "./job.ts";

export const SCRIPT = 1;
export const FILE = 2;
export const CONFIRM = 3;

export interface StepSpec {
  readonly id: Id;
  readonly type: number;
  readonly name: string;
  readonly status: number;
  /** When it started and ended, in ms since the epoch; none for a step never reached. */
  readonly ran?: readonly [start: number, end?: number];
  readonly retries?: number;
  readonly rows?: readonly Row[];
  /** Fields that differ from what follows from the above. */
  readonly overrides?: Partial<StepInstance>;
}

export interface JobSpec {
  readonly id: Id;
  readonly name: string;
  readonly status: number;
  readonly created: number;
  readonly ran?: readonly [start: number, end?: number];
  readonly steps: readonly StepSpec[];
  readonly overrides?: Partial<JobInstance>;
  readonly emptyLists?: boolean;
}

/** A job's spec with its place in the table. */
export interface ScriptedSpec {
  readonly title: string;
  readonly spec: JobSpec;
  /** `bk_scope_type:bk_scope_id`; `biz:1` unless said. */
  readonly scope?: string;
}

/** A job from its description; every step was created with the job. Scope `biz:1` unless overridden. */
export function buildJob(spec: JobSpec): Job {
  return {
    instance: {
      job_instance_id: spec.id,
      bk_scope_type: "biz",
      bk_scope_id: "1",
      // bk-job adds it for businesses only.
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

/** A host's row: which host, its status and, when they matter, tag and exit code. */
export interface HostLine extends Say {
  readonly on: Host;
  readonly status: number;
}

/** Rows of a step that ran from `start` to `end`; each host takes a little longer than the one before. */
export function hostRows(
  stepType: number,
  [start, end]: readonly [start: number, end: number],
  lines: readonly HostLine[],
): Row[] {
  const shortest = (end - start) / 2;
  return lines.map(({ on, status, ...say }, index) => {
    const took = Math.round(shortest + (shortest * (index + 1)) / lines.length);
    return { target: { host: on }, outcome: outcome(stepType, status, [start, start + took], say) };
  });
}
