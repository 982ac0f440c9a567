/** The endpoint: credentials, validation, permissions, languages. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSimulator, type Simulator } from "../../src/simulator/simulator.ts";
import { type CallOptions, call } from "./call.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await createSimulator();
});
afterAll(() => simulator.close());

const JOB = "20000000001";
const withAuthorization = (header: string): CallOptions => ({
  job: JOB,
  headers: { "x-bkapi-authorization": header },
});
const withCredentials = (credentials: object) => withAuthorization(JSON.stringify(credentials));
const APP = { bk_app_code: "demo", bk_app_secret: "secret" };

describe("the API Gateway", () => {
  it.each([
    ["a value that is not JSON", withAuthorization("Bearer demo")],
    ["an empty header", withAuthorization("")],
    ["JSON that is not an object", withAuthorization('"demo"')],
    ["an empty object", withCredentials({})],
    ["an empty access token", withCredentials({ access_token: "" })],
    ["an expired access token", withCredentials({ access_token: "expired-token" })],
    ["an app without its secret", withCredentials({ bk_app_code: "demo", bk_token: "t" })],
    ["an app without a user", withCredentials(APP)],
    ["a user without an app", withCredentials({ bk_token: "t" })],
  ])("rejects credentials with %s", async (_, options) => {
    const reply = await call(simulator, options);
    expect(reply.status).toBe(400);
    expect(reply.json()).toMatchObject({
      code: 1640001,
      code_name: "INVALID_ARGS",
      result: false,
      data: null,
    });
    expect(reply.headers.get("x-bkapi-error-code")).toBe("1640001");
    expect(reply.headers.get("x-bkapi-error-message")).toBe(reply.json().message);
    expect(reply.headers.has("x-bk-job-request-id")).toBe(false);
  });

  it("rejects a request without credentials", async () => {
    const response = await fetch(`${simulator.url}/api/v4/get_job_instance_status`);
    expect([response.status, response.headers.get("x-bkapi-error-code")]).toEqual([400, "1640001"]);
  });

  it.each([
    ["an access token", { access_token: "demo" }],
    ["an app and bk_token", { ...APP, bk_token: "t" }],
    ["an app and bk_ticket", { ...APP, bk_ticket: "t" }],
    ["an app and bk_username", { ...APP, bk_username: "admin" }],
  ])("accepts %s", async (_, credentials) => {
    expect((await call(simulator, withCredentials(credentials))).status).toBe(200);
  });

  it("does not know other paths, whatever the credentials", async () => {
    const reply = await call(simulator, { ...withAuthorization(""), path: "/api/v4/get_job_instance_log" });
    expect(reply.status).toBe(404);
    expect(reply.json()).toMatchObject({ code: 1640401, code_name: "API_NOT_FOUND" });
    expect(reply.headers.get("x-bkapi-error-code")).toBe("1640401");
  });

  it("adds a request id to every response", async () => {
    for (const options of [{ job: JOB }, withAuthorization(""), { job: JOB, path: "/nothing" }]) {
      const reply = await call(simulator, options);
      expect(reply.headers.get("x-bkapi-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

describe("bk-job's validation", () => {
  const invalid: [name: string, options: CallOptions, readable: string, isInDetails: boolean][] = [
    ["a missing scope type", { job: JOB, query: { bk_scope_type: undefined } }, "bk_scope_type", true],
    ["a blank scope id", { job: JOB, query: { bk_scope_id: " " } }, "bk_scope_id", true],
    ["a missing job id", {}, "job_instance_id", true],
    ["a job id in letters", { job: "abc" }, "job_instance_id", true],
    ["a fractional job id", { job: "1.5" }, "job_instance_id", true],
    ["a job id beyond 64 bits", { job: "9223372036854775808" }, "job_instance_id", true],
    ["a job id of 0", { job: "0" }, "job_instance_id", false],
    ["an unknown scope type", { job: JOB, scope: "planet:1" }, "bk_scope_type", false],
    ["another method", { job: JOB, method: "POST" }, "POST", true],
  ];

  it.each(invalid)("rejects %s", async (_, options, readable, isInDetails) => {
    const reply = await call(simulator, options);
    expect(reply.status).toBe(400);
    const { error, job_request_id } = reply.json();
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.message.includes(readable)).toBe(!isInDetails);
    expect(String(error.details?.[0]?.message).includes(readable)).toBe(isInDetails);
    expect(reply.headers.get("x-bk-job-request-id")).toBe(job_request_id);
    expect(reply.headers.has("x-bkapi-error-code")).toBe(false);
  });

  it("returns the documented message", async () => {
    const reply = await call(simulator, { job: JOB, scope: "planet:1" });
    expect(reply.json().error).toEqual({
      code: "INVALID_ARGUMENT",
      message: "请求参数[bk_scope_type]不合法",
    });
  });

  it("follows the validation of the API Gateway", async () => {
    const reply = await call(simulator, withAuthorization(""));
    expect(reply.json().code_name).toBe("INVALID_ARGS");
  });

  it("reads a job id with leading zeros as a number", async () => {
    expect((await call(simulator, { job: "0000000100" })).json().data.job_instance.job_instance_id).toBe(100);
  });

  it("does not find an unknown scope", async () => {
    const reply = await call(simulator, { job: JOB, scope: "biz:777" });
    expect(reply.status).toBe(404);
    expect(reply.json().error).toMatchObject({ code: "NOT_FOUND", details: [{ code: "1241008" }] });
  });

  it("accepts tenant sets in the released dialect and rejects them in the documented one", async () => {
    const contract = await createSimulator({ dialect: "contract" });
    const options = { job: JOB, scope: "tenant_set:1" };
    expect((await call(simulator, options)).status).toBe(404);
    expect((await call(contract, options)).status).toBe(400);
    await contract.close();
  });
});

describe("permissions", () => {
  it("are denied for every job to the token no-permission", async () => {
    for (const job of ["100", "20000000003", "40000010001"]) {
      const reply = await call(simulator, { ...withCredentials({ access_token: "no-permission" }), job });
      expect([reply.status, reply.json().error.code]).toEqual([403, "NO_PERMISSION"]);
    }
  });
});

describe("the language of messages", () => {
  it.each([
    [undefined, "作业实例不存在"],
    ["zh-cn", "作业实例不存在"],
    ["en", "Job instance does not exist"],
  ])("is chosen by the header %s: %s", async (language, message) => {
    const headers = language === undefined ? {} : { "blueking-language": language };
    expect((await call(simulator, { job: "99", headers })).json().error.message).toBe(message);
  });
});
