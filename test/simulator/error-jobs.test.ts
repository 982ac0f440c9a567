/** Error responses of bk-job, the API Gateway and the servers between. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ERROR_JOBS } from "../../src/simulator/error-jobs.ts";
import { createSimulator, type Simulator } from "../../src/simulator/simulator.ts";
import { BOTH_FLAGS, call, DEMO_AUTHORIZATION, rowsOf } from "./call.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await createSimulator();
});
afterAll(() => simulator.close());

const ids = (from: number, rows: readonly (readonly [number, string | number])[]) =>
  rows.map(([status, code], index) => ({ id: String(from + index), status, code }));

describe("the table of error jobs", () => {
  it("has unique ids in ascending order", () => {
    const all = ERROR_JOBS.map(({ id }) => id);
    expect(all).toEqual([...new Set(all)].toSorted());
  });
});

const V4 = ids(20_000_090_001, [
  [400, "INVALID_ARGUMENT"],
  [404, "NOT_FOUND"],
  [403, "NO_PERMISSION"],
  [429, "RESOURCE_EXHAUSTED"],
  [500, "INTERNAL"],
  [400, "OUT_OF_RANGE"],
  [400, "FAILED_PRECONDITION"],
  [401, "UNAUTHENTICATED"],
  [403, "IAM_NO_PERMISSION"],
  [406, "MEDIA_TYPE_NOT_ACCEPTABLE"],
  [409, "ALREADY_EXISTS"],
  [409, "ABORTED"],
  [415, "Unsupported Media Type"],
  [429, "RATELIMIT_EXCEED"],
  [500, "UNKNOWN"],
  [501, "NOT_IMPLEMENTED"],
  [403, "NO_PERMISSION"],
  [400, "INVALID_ARGUMENT"],
  [429, "RESOURCE_EXHAUSTED"],
  [500, "INTERNAL"],
]);

describe("bk-job's own errors", () => {
  it.each(V4)("$id is $status $code", async ({ id, status, code }) => {
    const reply = await call(simulator, { job: id });
    expect([reply.status, reply.json().error.code]).toEqual([status, code]);
    expect(reply.headers.get("x-bk-job-request-id")).toBe(reply.json().job_request_id);
    expect(reply.headers.has("x-bkapi-error-code")).toBe(false);
  });

  it.each([
    ["20000090003", true],
    ["20000090009", true],
    ["20000090017", false],
  ])("%s names the permissions to apply for: %s", async (job, hasData) => {
    expect((await call(simulator, { job })).json().error.data !== undefined).toBe(hasData);
  });

  it("include one whose readable message is in the first detail only", async () => {
    const { message, details } = (await call(simulator, { job: "20000090018" })).json().error;
    expect(message).not.toContain("bk_scope_id");
    expect(details?.[0]?.message).toContain("bk_scope_id");
  });

  it("include one with Retry-After", async () => {
    expect((await call(simulator, { job: "20000090019" })).headers.get("retry-after")).toBe("2");
  });

  it("include one that echoes credentials and URL", async () => {
    const { message } = (await call(simulator, { job: "20000090020" })).json().error;
    expect(message).toContain(DEMO_AUTHORIZATION);
    expect(message).toContain(simulator.url);
    expect(message).toContain("job_instance_id=20000090020");
  });
});

const API_GATEWAY = ids(20_000_090_101, [
  [400, 1640001],
  [403, 1640301],
  [403, 1640302],
  [404, 1640401],
  [413, 1641301],
  [414, 1641401],
  [429, 1642901],
  [429, 1642902],
  [429, 1642903],
  [429, 1642904],
  [500, 1650001],
  [502, 1650200],
  [503, 1650300],
  [504, 1650401],
]);

describe("the API Gateway's errors", () => {
  it.each(API_GATEWAY)("$id is $status $code", async ({ id, status, code }) => {
    const reply = await call(simulator, { job: id });
    expect(reply.status).toBe(status);
    expect(reply.json()).toMatchObject({ code, result: false, data: null });
    expect(reply.headers.get("x-bkapi-error-code")).toBe(String(code));
    expect(reply.headers.get("x-bkapi-error-message")).toBe(reply.json().message);
    expect(reply.headers.has("x-bk-job-request-id")).toBe(false);
    const isRateLimit = status === 429;
    expect(reply.headers.get("x-bkapi-ratelimit-reset")).toBe(isRateLimit ? "3" : null);
    expect(reply.headers.get("x-bkapi-ratelimit-remaining")).toBe(isRateLimit ? "0" : null);
    expect(reply.headers.has("retry-after")).toBe(false);
  });
});

describe("responses in other envelopes or none", () => {
  it.each([
    ["20000090201", 401, /^$/],
    ["20000090202", 401, /^\{"result":false,"code":1247002,/],
    ["20000090203", 401, /^\{"result":false,"code":1247004,/],
    ["20000090204", 500, /"error":"Internal Server Error","path":/],
    ["20000090205", 500, /Whitelabel Error Page/],
    ["20000090206", 200, /^\{"result":false,"code":1244006,/],
    ["20000090301", 200, /^<!DOCTYPE html>/],
    ["20000090302", 502, /^<!DOCTYPE html>/],
    ["20000090303", 302, /^$/],
    ["20000090304", 204, /^$/],
    ["20000090305", 200, /^$/],
    ["20000090306", 200, /tru$/],
    ["20000090307", 200, /^null$/],
    ["20000090308", 200, /^\[\]$/],
  ])("%s is %d %s", async (job, status, text) => {
    const reply = await call(simulator, { job });
    expect(reply.status).toBe(status);
    expect(reply.text).toMatch(text);
  });

  it("include a redirect to another job, which a client must not follow", async () => {
    const location = (await call(simulator, { job: "20000090303" })).headers.get("location");
    const followed = await fetch(new URL(location ?? "", simulator.url), {
      headers: { "x-bkapi-authorization": DEMO_AUTHORIZATION },
    });
    expect(followed.status).toBe(200);
  });

  it("include a body that is not UTF-8", async () => {
    const { text } = await call(simulator, { job: "20000090309" });
    expect(text).toContain("\uFFFD");
    expect(JSON.parse(text)).toHaveProperty("data.finished", true);
  });
});

describe("successful responses of the wrong shape", () => {
  it.each<[string, string, unknown]>([
    ["20000090402", "data", null],
    ["20000090403", "data.step_instance_list[0].status", "3"],
    ["20000090407", "data.job_instance.end_time", 1e300],
    ["20000090408", "data.job_instance.end_time", 8.64e15 + 1],
    ["20000090409", "data.step_instance_list[0].step_instance_id", 75.5],
  ])("%s has %s = %j", async (job, path, value) => {
    const reply = await call(simulator, { job });
    expect(reply.status).toBe(200);
    expect(reply.json()).toHaveProperty(path, value);
  });

  it.each([
    ["20000090401", "data"],
    ["20000090404", "data.job_instance"],
    ["20000090405", "data.step_instance_list"],
  ])("%s has no %s", async (job, path) => {
    const reply = await call(simulator, { job });
    expect(reply.status).toBe(200);
    expect(reply.json()).toHaveProperty("job_request_id");
    expect(reply.json()).not.toHaveProperty(path);
  });

  it("20000090406 has one host row without a status", async () => {
    const { data } = (await call(simulator, { job: "20000090406", query: BOTH_FLAGS })).json();
    expect(rowsOf(data.step_instance_list[0])?.map((row) => "status" in row)).toEqual([false, true]);
  });

  it("are otherwise correct, under the requested id", async () => {
    const { data } = (await call(simulator, { job: "20000090403" })).json();
    expect(data).toMatchObject({ finished: true, job_instance: { job_instance_id: 20_000_090_403 } });
  });
});
