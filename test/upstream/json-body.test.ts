/** Bodies that are expensive by design are read in one pass, with memory only for known fields. */
import { describe, expect, it } from "vitest";
import { decodeJobInstance } from "../../src/upstream/decode-job-instance.ts";
import { createBodyReader } from "../../src/upstream/json-body.ts";
import { jobRow, stepRow } from "../support/job-payload.ts";

const DEPTH = 2 ** 22;
const JOB = `"finished":true,"job_instance":${JSON.stringify(jobRow())}`;
/** Without its closing brace. */
const STEP = JSON.stringify(stepRow()).slice(0, -1);

/** Places in a body, each with the text before and after it. */
const STEPS = `{"data":{${JOB},"step_instance_list":[${STEP}`;
const PLACES: readonly (readonly [place: string, before: string, after: string])[] = [
  ["the whole body", "", ""],
  ["an unknown value", `{"x":`, "}"],
  ["the job", `{"data":{"job_instance":`, "}}"],
  ["a value of the job", `{"data":{"job_instance":{"name":`, "}}}"],
  ["a list of steps", `{"data":{${JOB},"step_instance_list":`, "}}"],
  ["a list of rows", `${STEPS},"step_ip_result_list":`, "}]}}"],
  ["a row", `${STEPS},"step_ip_result_list":[`, "]}]}}"],
  ["a value of a row", `${STEPS},"step_ip_result_list":[{"status":`, "}]}]}}"],
  ["a host", `${STEPS},"step_ip_result_list":[{"execute_object":{"host":`, "}}]}]}}"],
  ["permission data", `{"error":{"code":"NO_PERMISSION","data":`, "}}"],
  [
    "permission instances",
    `{"error":{"data":{"actions":[{"related_resource_types":[{"instances":`,
    "}]}]}}}",
  ],
];

const readBody = createBodyReader();

/** The error for a body; empty if there is none. */
function errorOf(body: unknown): string {
  try {
    decodeJobInstance(body, { requiredData: "hosts", observedAt: 0, upstreamRequestId: null });
    return "";
  } catch (error) {
    return error instanceof Error ? `${error.name} ${error.message}` : "";
  }
}

describe.each(PLACES)("deep nesting in %s", (_place, before, after) => {
  it.each([
    ["lists", "[", "]"],
    ["objects", '{"a":', "}"],
  ])("is read for %s", (_kind, open, close) => {
    const inside = close === "}" ? "1" : "";
    const closed = `${before}${open.repeat(DEPTH)}${inside}${close.repeat(DEPTH)}${after}`;

    expect(readBody(Buffer.from(closed), "hosts")).toBeDefined();
    expect(readBody(Buffer.from(closed.slice(0, -1)), "hosts")).toBeUndefined();
    expect(readBody(Buffer.from(closed.slice(0, before.length + DEPTH)), "hosts")).toBeUndefined();
  });
});

it("names the first of millions of invalid items", () => {
  const steps = `{"data":{${JOB},"step_instance_list":[${"{},".repeat(DEPTH)}{}]}}`;
  expect(errorOf(readBody(Buffer.from(steps), "hosts"))).toBe(
    "ContractViolation Expected data.step_instance_list[0].step_instance_id to be a 64-bit integer, got nothing.",
  );

  const row = '{"status":9},';
  const rows = `${STEPS},"step_ip_result_list":[${row}${"0,".repeat(DEPTH)}0]}]}}`;
  expect(errorOf(readBody(Buffer.from(rows), "hosts"))).toBe(
    "ContractViolation Expected data.step_instance_list[0].step_ip_result_list[1] to be an object, got 0.",
  );
});

it("reads a row with 100 000 unknown fields", () => {
  const unknown = Array.from({ length: 100_000 }, (_, index) => `"f${index}":${index}`);
  const body = `${STEPS},"step_ip_result_list":[{${unknown},"status":9}]}]}}`;
  expect(errorOf(readBody(Buffer.from(body), "hosts"))).toBe("");
});
