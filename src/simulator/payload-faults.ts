/** Answers that are no error but cannot be used: other content, broken text, broken shape. */
import type { Answer } from "./answer.ts";
import { buildJob, hostRows, SCRIPT } from "./build-job.ts";
import type { Call, JobEntry } from "./call.ts";
import { v4Success } from "./envelopes.ts";
import { fault } from "./fault.ts";
import { host } from "./hosts.ts";
import { toJson } from "./json.ts";
import { renderData } from "./render.ts";

type Fields = Record<string, unknown>;

/** A success's `data`, loosely typed, to be broken. Host rows are at `step_instance_list[0][list]`. */
interface Data extends Fields {
  job_instance: Fields;
  step_instance_list: [Fields];
}

const START = Date.UTC(2026, 2, 12, 3);
const RAN = [START + 50, START + 9_000] as const;

/** `data` of a small finished job under the id asked for; a fresh copy every time. */
export function sampleData(call: Call): Data {
  const job = buildJob({
    id: Number(call.jobInstanceId),
    name: "磁盘检查",
    status: 3,
    created: START,
    ran: RAN,
    steps: [
      {
        id: 20_000_019_001,
        type: SCRIPT,
        name: "磁盘检查",
        status: 3,
        ran: RAN,
        rows: hostRows(SCRIPT, RAN, [
          { on: host(900), status: 9 },
          { on: host(901), status: 9 },
        ]),
      },
    ],
  });
  return JSON.parse(toJson(renderData(job, { ...call, read: 0 })));
}

/** The sample with one thing wrong. */
const broken =
  (change: (data: Data) => unknown) =>
  (call: Call): Answer => {
    const data = sampleData(call);
    change(data);
    return v4Success(call, data);
  };

/** The host lists of a step, whatever their key: `renderData` puts nothing but rows under such a key. */
const hostLists = (step: Fields): Fields[][] =>
  Object.entries(step).flatMap(([key, value]) => (key.endsWith("_result_list") ? [value as Fields[]] : []));

const raw = (status: number, contentType: string, body: string | Uint8Array) => (): Answer => ({
  kind: "raw",
  status,
  headers: { "content-type": contentType },
  body,
});

const page = (title: string): string => `<!DOCTYPE html><html><head><title>${title}</title></head></html>`;

/** Valid JSON but for one byte that no UTF-8 text has. */
const invalidUtf8 = (call: Call): Answer => {
  const { headers = {}, body } = v4Success(call, sampleData(call));
  const text = Buffer.from(toJson(body));
  text[text.indexOf("磁盘检查")] = 0xff;
  return {
    kind: "raw",
    status: 200,
    headers: { ...headers, "content-type": "application/json" },
    body: text,
  };
};

const CONTENT_FAULTS: readonly JobEntry[] = [
  fault(20_000_090_301, "HTML page with HTTP 200", raw(200, "text/html", page("登录"))),
  fault(20_000_090_302, "HTML page with HTTP 502", raw(502, "text/html", page("502 Bad Gateway"))),
  fault(20_000_090_303, "Redirect 302 to a job that exists", ({ request }) => ({
    kind: "raw",
    status: 302,
    headers: {
      location: `${request.path}?${new URLSearchParams({ ...request.query, job_instance_id: "20000000001" })}`,
    },
    body: "",
  })),
  fault(20_000_090_304, "HTTP 204 without a body", () => ({ kind: "raw", status: 204, body: "" })),
  fault(20_000_090_305, "HTTP 200 with an empty body", raw(200, "application/json", "")),
  fault(20_000_090_306, "Text that is not JSON", raw(200, "application/json", '{"data": {"finished": tru')),
  fault(20_000_090_307, "JSON null", raw(200, "application/json", "null")),
  fault(20_000_090_308, "JSON array", raw(200, "application/json", "[]")),
  fault(20_000_090_309, "Invalid UTF-8 in a name", invalidUtf8),
];

/** `Date` ends at 8.64e15 ms. */
const BEYOND_DATE = 8_640_000_000_000_001;

const SHAPE_FAULTS: readonly JobEntry[] = [
  fault(20_000_090_401, "No data", (call) => v4Success(call, undefined)),
  fault(20_000_090_402, "data is null", (call) => v4Success(call, null)),
  fault(
    20_000_090_403,
    "Step status is a string",
    broken((data) => Object.assign(data.step_instance_list[0], { status: "3" })),
  ),
  fault(
    20_000_090_404,
    "No job_instance",
    broken((data) => Reflect.deleteProperty(data, "job_instance")),
  ),
  fault(
    20_000_090_405,
    "No step_instance_list",
    broken((data) => Reflect.deleteProperty(data, "step_instance_list")),
  ),
  fault(
    20_000_090_406,
    "First host row without a status (when asked for)",
    broken((data) => hostLists(data.step_instance_list[0]).map(([row]) => row && delete row.status)),
  ),
  fault(
    20_000_090_407,
    "Job end time 1e300",
    broken((data) => Object.assign(data.job_instance, { end_time: 1e300 })),
  ),
  fault(
    20_000_090_408,
    "Job end time 1 ms beyond Date's range",
    broken((data) => Object.assign(data.job_instance, { end_time: BEYOND_DATE })),
  ),
  fault(
    20_000_090_409,
    "Fractional step id",
    broken((data) => Object.assign(data.step_instance_list[0], { step_instance_id: 75.5 })),
  ),
];

export const PAYLOAD_FAULTS: readonly JobEntry[] = [...CONTENT_FAULTS, ...SHAPE_FAULTS];
