/** Responses that report no error but cannot be used: wrong content, invalid JSON, contract violations. */

import { buildJob, hostRows, SCRIPT } from "./build-job.ts";
import type { Call, JobEntry } from "./call.ts";
import { errorJob } from "./call.ts";
import { v4Success } from "./envelopes.ts";
import { host } from "./hosts.ts";
import { renderData } from "./render.ts";
import type { SimulatedResponse } from "./response.ts";
import { toJson } from "./response.ts";

type MutableFields = Record<string, unknown>;

/** The `data` of a successful response, loosely typed so that it can be changed. */
interface Data extends MutableFields {
  job_instance: MutableFields;
  step_instance_list: [MutableFields];
}

const START = Date.UTC(2026, 2, 12, 3);
const RAN_AT = [START + 50, START + 9_000] as const;

/** The `data` of a small finished job with the requested id. Each call gets a new object. */
export function sampleData(call: Call): Data {
  const job = buildJob({
    id: Number(call.jobInstanceId),
    name: "磁盘检查",
    status: 3,
    created: START,
    ran: RAN_AT,
    steps: [
      {
        id: 20_000_019_001,
        type: SCRIPT,
        name: "磁盘检查",
        status: 3,
        ran: RAN_AT,
        rows: hostRows(SCRIPT, RAN_AT, [
          { host: host(900), status: 9 },
          { host: host(901), status: 9 },
        ]),
      },
    ],
  });
  return JSON.parse(toJson(renderData(job, { ...call, read: 0 })));
}

/** Responds with the sample after `change` has made it invalid. */
const withChange =
  (change: (data: Data) => unknown) =>
  (call: Call): SimulatedResponse => {
    const data = sampleData(call);
    change(data);
    return v4Success(call, data);
  };

/** The host lists of a step in either dialect. The cast is safe because `renderData` creates these lists. */
const hostLists = (step: MutableFields): MutableFields[][] =>
  Object.entries(step).flatMap(([key, value]) =>
    key.endsWith("_result_list") ? [value as MutableFields[]] : [],
  );

const raw = (status: number, contentType: string, body: string | Uint8Array) => (): SimulatedResponse => ({
  kind: "raw",
  status,
  headers: { "content-type": contentType },
  body,
});

const page = (title: string): string => `<!DOCTYPE html><html><head><title>${title}</title></head></html>`;

/** Valid JSON except for one byte that is invalid in UTF-8. */
const invalidUtf8 = (call: Call): SimulatedResponse => {
  const { headers = {}, body } = v4Success(call, sampleData(call));
  const bytes = Buffer.from(toJson(body));
  bytes[bytes.indexOf("磁盘检查")] = 0xff;
  return {
    kind: "raw",
    status: 200,
    headers: { ...headers, "content-type": "application/json" },
    body: bytes,
  };
};

const CONTENT_ERROR_JOBS: readonly JobEntry[] = [
  errorJob(20_000_090_301, "HTML page with HTTP 200", raw(200, "text/html", page("登录"))),
  errorJob(20_000_090_302, "HTML page with HTTP 502", raw(502, "text/html", page("502 Bad Gateway"))),
  errorJob(20_000_090_303, "Redirect 302 to a job that exists", ({ request }) => ({
    kind: "raw",
    status: 302,
    headers: {
      location: `${request.path}?${new URLSearchParams({ ...request.query, job_instance_id: "20000000001" })}`,
    },
    body: "",
  })),
  errorJob(20_000_090_304, "HTTP 204 without a body", () => ({ kind: "raw", status: 204, body: "" })),
  errorJob(20_000_090_305, "HTTP 200 with an empty body", raw(200, "application/json", "")),
  errorJob(
    20_000_090_306,
    "Text that is not JSON",
    raw(200, "application/json", '{"data": {"finished": tru'),
  ),
  errorJob(20_000_090_307, "JSON null", raw(200, "application/json", "null")),
  errorJob(20_000_090_308, "JSON array", raw(200, "application/json", "[]")),
  errorJob(20_000_090_309, "Invalid UTF-8 in a name", invalidUtf8),
];

/** `Date` ends at 8.64e15 ms. */
const BEYOND_DATE = 8_640_000_000_000_001;

const SHAPE_ERROR_JOBS: readonly JobEntry[] = [
  errorJob(20_000_090_401, "No data", (call) => v4Success(call, undefined)),
  errorJob(20_000_090_402, "data is null", (call) => v4Success(call, null)),
  errorJob(
    20_000_090_403,
    "Step status is a string",
    withChange((data) => Object.assign(data.step_instance_list[0], { status: "3" })),
  ),
  errorJob(
    20_000_090_404,
    "No job_instance",
    withChange((data) => Reflect.deleteProperty(data, "job_instance")),
  ),
  errorJob(
    20_000_090_405,
    "No step_instance_list",
    withChange((data) => Reflect.deleteProperty(data, "step_instance_list")),
  ),
  errorJob(
    20_000_090_406,
    "First host row without a status, if host results are requested",
    withChange((data) => hostLists(data.step_instance_list[0]).map(([row]) => row && delete row.status)),
  ),
  errorJob(
    20_000_090_407,
    "Job end time 1e300",
    withChange((data) => Object.assign(data.job_instance, { end_time: 1e300 })),
  ),
  errorJob(
    20_000_090_408,
    "Job end time 1 ms beyond the range of Date",
    withChange((data) => Object.assign(data.job_instance, { end_time: BEYOND_DATE })),
  ),
  errorJob(
    20_000_090_409,
    "Fractional step id",
    withChange((data) => Object.assign(data.step_instance_list[0], { step_instance_id: 75.5 })),
  ),
];

export const PAYLOAD_ERROR_JOBS: readonly JobEntry[] = [...CONTENT_ERROR_JOBS, ...SHAPE_ERROR_JOBS];
