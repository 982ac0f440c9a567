/** Upstream responses with a job, built from rows of the job, its steps and their hosts. Every field has a default. */

import type { JsonResponse } from "../../src/simulator/response.ts";
import { toJson } from "../../src/simulator/response.ts";
import type { Simulator } from "../../src/simulator/simulator.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Creation time of jobs and steps, in milliseconds since the epoch. */
export const CREATED = Date.UTC(2026, 0, 1);

/** `job_instance`: a successful job of business 1. */
export const jobRow = (fields: Fields = {}): Fields => ({
  job_instance_id: 1,
  bk_scope_type: "biz",
  bk_scope_id: "1",
  name: "job",
  status: 3,
  create_time: CREATED,
  ...fields,
});

/** An entry of `step_instance_list`: a successful script step without a host list. */
export const stepRow = (fields: Fields = {}): Fields => ({
  step_instance_id: 1,
  type: 1,
  name: "step",
  status: 3,
  execute_count: 0,
  create_time: CREATED,
  ...fields,
});

/** A row of `step_ip_result_list`, the documented dialect: a host on which the step succeeded. */
export const hostRow = (id: number, fields: Fields = {}): Fields => ({
  bk_host_id: id,
  ip: `10.0.0.${id}`,
  bk_cloud_id: 0,
  status: 9,
  ...fields,
});

/** A row of `step_execute_object_result_list`, the released dialect: a target on which the step succeeded. */
export const executeObjectRow = (executeObject: object, fields: Fields = {}): Fields => ({
  execute_object: executeObject,
  status: 9,
  ...fields,
});

export interface JobPayload {
  /** Fields of `job_instance`. */
  readonly fields?: Fields;
  readonly finished?: boolean;
  readonly steps?: readonly Fields[];
}

/** The body of a response. */
export const jobBody = ({ fields, finished = true, steps = [] }: JobPayload, requestId = "request-1") => ({
  data: { finished, job_instance: jobRow(fields), step_instance_list: steps },
  job_request_id: requestId,
});

/** The body of a response as bytes; a bigint becomes a number with all its digits. */
export const jobBytes = (payload: JobPayload): Buffer => Buffer.from(toJson(jobBody(payload)));

export const jobResponse = (payload: JobPayload, requestId?: string): JsonResponse => ({
  kind: "json",
  status: 200,
  body: jobBody(payload, requestId),
});

/** Scripts the responses of the simulator for a job. A function is called for each response, with its index. */
export function scriptJob(
  simulator: Simulator,
  id: string,
  payload: JobPayload | ((read: number) => JobPayload),
): void {
  let reads = 0;
  simulator.script(id, () => {
    const { fields, ...rest } = typeof payload === "function" ? payload(reads++) : payload;
    return jobResponse({ ...rest, fields: { job_instance_id: BigInt(id), ...fields } }, `request-${id}`);
  });
}

/** Fields to change in a response. A value of undefined leaves the field out. */
export interface Changes {
  /** Of the body: `data`, `job_request_id`. */
  readonly body?: Fields;
  /** Of `data`. */
  readonly data?: Fields;
  readonly job?: Fields;
  readonly step?: Fields;
  /** Of the only host row. */
  readonly row?: Fields;
  /** `execute_object` of the only host row, which makes it a row of the released dialect. */
  readonly target?: Fields;
}

const RAN = { start_time: CREATED, end_time: CREATED + 1_000, total_time: 1_000 };

/** The response for a small finished job with one script step on one host, with fields changed. */
export function changedJobResponse({ body, data, job, step, row, target }: Changes): JsonResponse {
  const result = { tag: "", exit_code: 0, ...RAN, ...row };
  const list = target
    ? { step_execute_object_result_list: [executeObjectRow(target, result)] }
    : { step_ip_result_list: [hostRow(1, result)] };
  const original = jobBody({
    fields: { job_instance_id: 7, ...RAN, ...job },
    steps: [stepRow({ ...RAN, ...list, ...step })],
  });
  return {
    kind: "json",
    status: 200,
    body: { ...original, data: { ...original.data, ...data }, ...body },
  };
}
