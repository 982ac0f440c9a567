/** Responses that are outcomes (not found, permission denied), and errors that resemble them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimulatedResponse } from "../../src/simulator/response.ts";
import { onlyError, ref } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const ask = (id: string) =>
  gateway.ask(
    `query ($id: ID!) {
      jobInstance(${ref("$id")}) {
        __typename
        ... on Problem { message upstreamRequestId }
        ... on PermissionDenied {
          application {
            systemId systemName
            actions {
              id name
              relatedResourceTypes {
                systemId systemName type typeName
                instances { id type name typeName }
              }
            }
          }
        }
      }
    }`,
    { id },
  );

/** Queries a job for which the upstream returns the given response. */
function askScripted(answer: SimulatedResponse) {
  gateway.simulator.script("7", () => answer);
  return ask("7");
}

const MESSAGE = "用户(张三)权限不足，请前往权限中心确认并申请补充后重试";
const deny = (data: unknown, code = "NO_PERMISSION"): SimulatedResponse => ({
  kind: "json",
  status: 403,
  body: { error: { code, message: MESSAGE, ...(data !== undefined && { data }) }, job_request_id: "req-1" },
});

describe("permission denied", () => {
  it.each(["20000000403", "20000090003", "20000090009"])(
    "%s names the permissions to apply for",
    async (id) => {
      const { data, errors } = await ask(id);

      expect(errors).toBeUndefined();
      expect(data.jobInstance).toEqual({
        __typename: "PermissionDenied",
        message: MESSAGE,
        upstreamRequestId: expect.stringMatching(/^[0-9a-f]{32}$/),
        application: {
          systemId: "bk_job",
          systemName: "作业平台",
          actions: [
            {
              id: "access_business",
              name: "业务访问",
              relatedResourceTypes: [
                {
                  systemId: "bk_cmdb",
                  systemName: "配置平台",
                  type: "biz",
                  typeName: "业务",
                  instances: [[{ id: "1", type: "business", name: "blueking", typeName: "业务" }]],
                },
              ],
            },
          ],
        },
      });
    },
  );

  it.each([
    ["without error.data", undefined],
    ["with error.data null", null],
  ])("%s has no application", async (_, data) => {
    const answer = await askScripted(deny(data, "IAM_NO_PERMISSION"));

    expect(answer.errors).toBeUndefined();
    expect(answer.data.jobInstance).toEqual({
      __typename: "PermissionDenied",
      message: MESSAGE,
      upstreamRequestId: "req-1",
      application: null,
    });
  });

  it("accepts missing names and lists, and several paths of several nodes", async () => {
    const path = (id: string) => [
      { id: "1", type: "biz" },
      { id, type: "host", name: null, extra: 1 },
    ];
    const type = { system_id: "bk_cmdb", type: "host", instances: [path("5"), path("6"), []] };
    const { data, errors } = await askScripted(
      deny({
        system_id: "bk_job",
        actions: [{ id: "a", related_resource_types: [type, { system_id: "x", type: "y" }] }, { id: "b" }],
      }),
    );

    expect(errors).toBeUndefined();
    const node = (id: string, type: string) => ({ id, type, name: null, typeName: null });
    expect(data.jobInstance.application).toEqual({
      systemId: "bk_job",
      systemName: null,
      actions: [
        {
          id: "a",
          name: null,
          relatedResourceTypes: [
            {
              systemId: "bk_cmdb",
              systemName: null,
              type: "host",
              typeName: null,
              instances: [[node("1", "biz"), node("5", "host")], [node("1", "biz"), node("6", "host")], []],
            },
            { systemId: "x", systemName: null, type: "y", typeName: null, instances: [] },
          ],
        },
        { id: "b", name: null, relatedResourceTypes: [] },
      ],
    });
  });

  it.each([
    "text",
    5,
    [],
    {},
    { system_id: "s", actions: {} },
    { system_id: 1, actions: [] },
    { system_id: "s", actions: [{ id: "a" }, { id: 1 }] },
    {
      system_id: "s",
      actions: [
        {
          id: "a",
          related_resource_types: [{ system_id: "c", type: "t", instances: [[], [{ id: "1" }]] }],
        },
      ],
    },
  ])("has no application if the data has another form: %j", async (data) => {
    for (const code of ["NO_PERMISSION", "IAM_NO_PERMISSION"]) {
      const answer = await askScripted(deny(data, code));

      expect(answer.errors).toBeUndefined();
      expect(answer.data.jobInstance).toEqual({
        __typename: "PermissionDenied",
        message: MESSAGE,
        upstreamRequestId: "req-1",
        application: null,
      });
    }
  });
});

describe("not found", () => {
  it.each([
    ["an unknown job", "123456"],
    ["a deleted job", "20000000404"],
    ["a job in another scope", "20000000015"],
  ])("is the outcome for %s", async (_, id) => {
    const { data, errors } = await ask(id);

    expect(errors).toBeUndefined();
    expect(data.jobInstance).toEqual({
      __typename: "JobInstanceNotFound",
      message: "作业实例不存在",
      upstreamRequestId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  it("is the outcome for a scope that does not exist", async () => {
    const { data } = await gateway.ask(
      `{ jobInstance(ref: { scopeId: "3", jobInstanceId: "100" }) { __typename ... on Problem { message } } }`,
    );
    expect(data.jobInstance).toEqual({ __typename: "JobInstanceNotFound", message: "错误的业务 ID" });
  });
});

describe("a response that resembles an outcome", () => {
  const error = (code: string) => ({ error: { code, message: "m" } });
  const GATEWAY_HEADERS = { "x-bkapi-error-code": "1640401", "x-bkapi-error-message": "API not found" };
  const html = { "content-type": "text/html" };

  it.each<[string, SimulatedResponse, string]>([
    [
      "an API Gateway 404, detected by its header",
      { kind: "json", status: 404, headers: GATEWAY_HEADERS, body: error("NOT_FOUND") },
      "UPSTREAM_ERROR",
    ],
    [
      "an API Gateway 404 without its headers, detected by its body",
      { kind: "json", status: 404, body: { code: 1640401, code_name: "API_NOT_FOUND", message: "m" } },
      "UPSTREAM_ERROR",
    ],
    [
      "an API Gateway 403 without its headers, detected by its body",
      { kind: "json", status: 403, body: { code: 1640301, code_name: "APP_NO_PERMISSION", message: "m" } },
      "FORBIDDEN",
    ],
    ["a 404 page", { kind: "raw", status: 404, headers: html, body: "<h1>Not Found</h1>" }, "UPSTREAM_ERROR"],
    ["a 404 without a body", { kind: "raw", status: 404, body: "" }, "UPSTREAM_ERROR"],
    ["a 404 with another code", { kind: "json", status: 404, body: error("OTHER") }, "UPSTREAM_ERROR"],
    ["NOT_FOUND with HTTP 200", { kind: "json", status: 200, body: error("NOT_FOUND") }, "UPSTREAM_ERROR"],
    ["a 403 with another code", { kind: "json", status: 403, body: error("OTHER") }, "UPSTREAM_ERROR"],
    ["a 403 page", { kind: "raw", status: 403, headers: html, body: "<h1>Forbidden</h1>" }, "UPSTREAM_ERROR"],
    [
      "NO_PERMISSION behind an API Gateway error header",
      {
        kind: "json",
        status: 403,
        headers: { "x-bkapi-error-code": "1640301" },
        body: error("NO_PERMISSION"),
      },
      "FORBIDDEN",
    ],
    [
      "a redirect with an error body",
      { kind: "json", status: 302, body: error("NOT_FOUND") },
      "UPSTREAM_CONTRACT",
    ],
    [
      "an API Gateway 400 with another code",
      { kind: "json", status: 400, body: { code: 1640002, code_name: "X", message: "m" } },
      "UPSTREAM_ERROR",
    ],
    [
      "code 1640001 without the API Gateway's envelope",
      { kind: "json", status: 400, body: { code: 1640001, message: "m" } },
      "UPSTREAM_ERROR",
    ],
  ])("is an error: %s", async (_, answer, code) => {
    const response = await askScripted(answer);
    expect(response.data).toEqual({ jobInstance: null });
    expect(onlyError(response).extensions.code).toBe(code);
  });
});

describe("a server that does not serve the V4 API", () => {
  const springPage = { status: 404, error: "Not Found", message: "No message available", path: "/api/v4/x" };

  it.each<[string, SimulatedResponse]>([
    ["a page", { kind: "raw", status: 404, headers: { "content-type": "text/html" }, body: "<h1>404</h1>" }],
    ["no body", { kind: "raw", status: 404, body: "" }],
    ["the JSON of another server", { kind: "json", status: 404, body: springPage }],
    ["the V3 envelope", { kind: "json", status: 404, body: { result: false, code: 404, message: "m" } }],
  ])("is named when it responds with HTTP 404 and %s", async (_, answer) => {
    const { message, extensions } = onlyError(await askScripted(answer));

    expect(message).toBe(
      "This server does not serve the V4 API of BlueKing Job: it responded with HTTP 404 to " +
        "/api/v4/get_job_instance_status. Check JOB_API_URL, the version of bk-job and its routes.",
    );
    expect(extensions).toMatchObject({ code: "UPSTREAM_ERROR", upstream: { httpStatus: 404 } });
  });

  it.each<[string, SimulatedResponse]>([
    ["the API Gateway", { kind: "json", status: 404, body: { code_name: "API_NOT_FOUND", message: "m" } }],
    ["bk-job", { kind: "json", status: 404, body: { error: { code: "OTHER", message: "m" } } }],
  ])("is not assumed when %s reports the 404", async (_, answer) => {
    expect(onlyError(await askScripted(answer)).message).toBe("m");
  });
});

describe("retryAfterMs", () => {
  const limited = (headers: Record<string, string>, status = 429): SimulatedResponse => ({
    kind: "json",
    status,
    headers,
    body: { error: { code: "RESOURCE_EXHAUSTED", message: "m" } },
  });
  const past = "Sun, 06 Nov 1994 08:49:37 GMT";

  it.each<[string, SimulatedResponse, number | undefined]>([
    ["Retry-After in seconds", limited({ "retry-after": "7" }), 7_000],
    ["Retry-After 0", limited({ "retry-after": "0" }), 0],
    ["Retry-After with a past date", limited({ "retry-after": past }), 0],
    ["Retry-After on a 503", limited({ "retry-after": "30" }, 503), 30_000],
    [
      "Retry-After before the API Gateway's reset",
      limited({ "retry-after": "1", "x-bkapi-ratelimit-reset": "9" }),
      1_000,
    ],
    ["the API Gateway's reset", limited({ "x-bkapi-ratelimit-reset": "9" }), 9_000],
    ["no header", limited({}), undefined],
    [
      "a reset in a response that is not a rate limit",
      limited({ "x-bkapi-ratelimit-reset": "9" }, 500),
      undefined,
    ],
    ["an excessive number", limited({ "retry-after": "99999999999999999999" }), undefined],
    ["a word", limited({ "retry-after": "soon" }), undefined],
    ["a fraction", limited({ "retry-after": "1.5" }), undefined],
    ["a negative number", limited({ "retry-after": "-1" }), undefined],
  ])("is read from %s", async (_, answer, expected) => {
    expect(onlyError(await askScripted(answer)).extensions.retryAfterMs).toBe(expected);
  });

  it("is the time until a future date", async () => {
    const inAMinute = new Date(Date.now() + 60_000).toUTCString();
    const { retryAfterMs } = onlyError(await askScripted(limited({ "retry-after": inAMinute }))).extensions;
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });
});
