/** Errors of bk-job: every V4 code, and the errors of bk-job's own gateway. */

import { missingParameter, NO_PERMISSION_MESSAGE, noPermission } from "./bk-job-errors.ts";
import type { Call, JobEntry, LocalizedMessage } from "./call.ts";
import { errorJob } from "./call.ts";
import { v3Error, v4Error } from "./envelopes.ts";

/**
 * bk-job's error codes with their HTTP status. bk-job declares the codes from the sixth on, but does not use them yet.
 */
const V4_CODES: readonly (readonly [status: number, code: string, message: LocalizedMessage])[] = [
  [400, "INVALID_ARGUMENT", { "zh-cn": "请求参数不合法", en: "Request parameter is invalid" }],
  [404, "NOT_FOUND", { "zh-cn": "资源不存在", en: "Resource does not exist" }],
  [403, "NO_PERMISSION", NO_PERMISSION_MESSAGE],
  [429, "RESOURCE_EXHAUSTED", { "zh-cn": "配额不足", en: "Quota exhausted" }],
  [500, "INTERNAL", { "zh-cn": "服务内部异常", en: "Internal service error" }],
  [400, "OUT_OF_RANGE", { "zh-cn": "参数超出范围", en: "Out of range" }],
  [400, "FAILED_PRECONDITION", { "zh-cn": "当前状态不允许该操作", en: "Failed precondition" }],
  [401, "UNAUTHENTICATED", { "zh-cn": "用户未认证", en: "Unauthenticated" }],
  [403, "IAM_NO_PERMISSION", NO_PERMISSION_MESSAGE],
  [406, "MEDIA_TYPE_NOT_ACCEPTABLE", { "zh-cn": "不支持的媒体类型", en: "Media type not acceptable" }],
  [409, "ALREADY_EXISTS", { "zh-cn": "资源已存在", en: "Resource already exists" }],
  [409, "ABORTED", { "zh-cn": "并发冲突", en: "Aborted by a conflict" }],
  [415, "Unsupported Media Type", { "zh-cn": "不支持的媒体类型", en: "Unsupported media type" }],
  [429, "RATELIMIT_EXCEED", { "zh-cn": "请求过于频繁", en: "Too many requests" }],
  [500, "UNKNOWN", { "zh-cn": "未知错误", en: "Unknown error" }],
  [501, "NOT_IMPLEMENTED", { "zh-cn": "接口未实现", en: "Not implemented" }],
];

const V4_ERROR_JOBS = V4_CODES.map(([status, code, message], index) =>
  errorJob(20_000_090_001 + index, `bk-job ${status} ${code}`, (call) =>
    code.endsWith("NO_PERMISSION")
      ? noPermission(call, code)
      : v4Error(call, { status, code, message, details: [{ code: "1240001", message }] }),
  ),
);

const echo = (call: Call): string => {
  const { headers, path, query } = call.request;
  return `upstream call failed: ${call.request.method} http://${headers.host}${path}?${new URLSearchParams(query)} X-Bkapi-Authorization: ${headers["x-bkapi-authorization"]}`;
};

const V4_VARIANT_JOBS: readonly JobEntry[] = [
  errorJob(20_000_090_017, "bk-job 403 NO_PERMISSION without error.data", (call) =>
    v4Error(call, { status: 403, code: "NO_PERMISSION", message: NO_PERMISSION_MESSAGE }),
  ),
  errorJob(20_000_090_018, "bk-job 400 with the specific message only in details[0].message", (call) =>
    missingParameter(call, "bk_scope_id"),
  ),
  errorJob(20_000_090_019, "bk-job 429 RESOURCE_EXHAUSTED with Retry-After: 2", (call) => {
    const message = { "zh-cn": "配额不足", en: "Quota exhausted" };
    const response = v4Error(call, { status: 429, code: "RESOURCE_EXHAUSTED", message });
    return { ...response, headers: { ...response.headers, "retry-after": "2" } };
  }),
  errorJob(20_000_090_020, "bk-job 500 that echoes the request's credentials and URL", (call) => {
    const message = { "zh-cn": echo(call), en: echo(call) };
    return v4Error(call, { status: 500, code: "INTERNAL", message, details: [{ code: "1240001", message }] });
  }),
];

/** bk-job's own gateway and its framework send other envelopes, or none. */
const BK_JOB_GATEWAY_ERROR_JOBS: readonly JobEntry[] = [
  errorJob(20_000_090_201, "bk-job gateway 401 with an empty body", () => ({
    kind: "raw",
    status: 401,
    body: "",
  })),
  errorJob(20_000_090_202, "bk-job gateway 401 V3 1247002: no user", (call) =>
    v3Error(call, 401, 1247002, {
      "zh-cn": "用户不存在或未登录",
      en: "User does not exist or is not logged in",
    }),
  ),
  errorJob(20_000_090_203, "bk-job gateway 401 V3 1247004: no app", (call) =>
    v3Error(call, 401, 1247004, { "zh-cn": "应用不存在", en: "App does not exist" }),
  ),
  errorJob(20_000_090_204, "Spring's default 500 page as JSON", ({ request }) => ({
    kind: "json",
    status: 500,
    body: {
      timestamp: new Date(request.at).toISOString(),
      status: 500,
      error: "Internal Server Error",
      path: "/esb/api/v4/get_job_instance_status",
    },
  })),
  errorJob(20_000_090_205, "Spring's default 500 page as HTML", () => ({
    kind: "raw",
    status: 500,
    headers: { "content-type": "text/html;charset=UTF-8" },
    body: "<html><body><h1>Whitelabel Error Page</h1><p>This application has no explicit mapping for /error, so you are seeing this as a fallback.</p></body></html>",
  })),
  errorJob(20_000_090_206, "bk-job V3 error with HTTP 200", (call) =>
    v3Error(call, 200, 1244006, { "zh-cn": "作业实例不存在", en: "Job instance does not exist" }),
  ),
];

export const BK_JOB_ERROR_JOBS: readonly JobEntry[] = [
  ...V4_ERROR_JOBS,
  ...V4_VARIANT_JOBS,
  ...BK_JOB_GATEWAY_ERROR_JOBS,
];
