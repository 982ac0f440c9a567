/** Successful answers with one thing changed, to be scripted into the simulator. */
import type { JsonResponse } from "../../src/simulator/response.ts";

type Fields = Record<string, unknown>;

/** What to change. A value of undefined leaves the field out. */
export interface Changes {
  /** Of the body itself: `data`, `job_request_id`. */
  readonly body?: Fields;
  /** Of `data`. */
  readonly data?: Fields;
  readonly job?: Fields;
  readonly step?: Fields;
  /** Of the only row, of the documented form. */
  readonly row?: Fields;
  /** Of the only row's `execute_object`; makes the row one of the released form. */
  readonly target?: Fields;
}

const T = Date.UTC(2026, 2, 10, 2);
const RAN = { start_time: T, end_time: T + 1_000, total_time: 1_000 };

/** A small finished job: one script step on one host. */
export function answerWith({ body, data, job, step, row, target }: Changes): JsonResponse {
  const common = { status: 9, tag: "", exit_code: 0, ...RAN, ...row };
  const list = target
    ? { step_execute_object_result_list: [{ execute_object: target, ...common }] }
    : { step_ip_result_list: [{ bk_host_id: 101, ip: "127.0.0.1", bk_cloud_id: 0, ...common }] };
  const steps = [
    {
      step_instance_id: 75,
      type: 1,
      name: "s",
      status: 3,
      execute_count: 0,
      create_time: T,
      ...RAN,
      ...list,
      ...step,
    },
  ];
  const instance = { job_instance_id: 7, bk_scope_type: "biz", bk_scope_id: "1", name: "j", status: 3 };
  return {
    kind: "json",
    status: 200,
    body: {
      data: {
        finished: true,
        job_instance: { ...instance, create_time: T, ...RAN, ...job },
        step_instance_list: steps,
        ...data,
      },
      job_request_id: "req-1",
      ...body,
    },
  };
}
