/** Jobs made up by a test, in the upstream's own form: what a test does not say has a dull default. */
import type { Simulator } from "../../src/simulator/simulator.ts";

type Fields = Readonly<Record<string, unknown>>;

/** When made-up jobs were created, in ms since the epoch. */
export const CREATED = Date.UTC(2026, 0, 1);

/** An entry of `step_instance_list`: a script step that has succeeded, without a host list. */
export const step = (fields: Fields = {}): Fields => ({
  step_instance_id: 1,
  type: 1,
  name: "step",
  status: 3,
  execute_count: 0,
  create_time: CREATED,
  ...fields,
});

/** A row of `step_ip_result_list`: a host on which the step succeeded. */
export const hostRow = (id: number, fields: Fields = {}): Fields => ({
  bk_host_id: id,
  ip: `10.0.0.${id}`,
  bk_cloud_id: 0,
  status: 9,
  ...fields,
});

export interface ScriptedJob {
  /** Fields of `job_instance` that matter. */
  readonly fields?: Fields;
  readonly finished?: boolean;
  readonly steps?: readonly Fields[];
}

/** Makes the simulator answer for `id` with the job; a function makes it anew at every read, from 0. */
export function scriptJob(
  simulator: Simulator,
  id: string,
  job: ScriptedJob | ((read: number) => ScriptedJob),
): void {
  let reads = 0;
  simulator.script(id, () => {
    const { fields, finished = true, steps = [] } = typeof job === "function" ? job(reads++) : job;
    const head = { job_instance_id: BigInt(id), bk_scope_type: "biz", bk_scope_id: "1", name: "job" };
    const body = {
      data: {
        finished,
        job_instance: { ...head, status: 3, create_time: CREATED, ...fields },
        step_instance_list: steps,
      },
      job_request_id: `request-${id}`,
    };
    return { kind: "json", status: 200, body };
  });
}
