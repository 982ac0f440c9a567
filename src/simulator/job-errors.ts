/** bk-job's own failures on this endpoint, with its texts and the numbers of its `ErrorCode`. */
import type { JsonAnswer } from "./answer.ts";
import type { Text } from "./call.ts";
import { type ErrorDetail, type JobContext, v4Error } from "./envelopes.ts";

const text = (chinese: string, english: string): Text => ({ "zh-cn": chinese, en: english });

const invalidArgument = (context: JobContext, message: Text, details?: readonly ErrorDetail[]): JsonAnswer =>
  v4Error(context, { status: 400, code: "INVALID_ARGUMENT", message, ...(details && { details }) });

/** A value outside the allowed ones: the parameter is named in `message`, as in the documented example. */
export const illegalParameter = (context: JobContext, name: string): JsonAnswer =>
  invalidArgument(context, text(`请求参数[${name}]不合法`, `Request parameter [${name}] is invalid`));

/** Missing, blank or mistyped: `message` is general, the readable text is in `details[0].message` only. */
const badRequest = (context: JobContext, code: string, message: Text): JsonAnswer =>
  invalidArgument(context, text("请求参数不合法", "Request parameter is invalid"), [{ code, message }]);

/** A required parameter that is not there or blank. */
export const missingParameter = (context: JobContext, name: string): JsonAnswer =>
  badRequest(context, "1241004", text(`请求参数[${name}]缺失`, `Request parameter [${name}] is missing`));

/** A parameter that does not parse as its type. */
export const mistypedParameter = (context: JobContext, name: string, type: string): JsonAnswer =>
  badRequest(
    context,
    "1241010",
    text(
      `请求参数[${name}]不合法，原因：[类型应为${type}]`,
      `Request parameter [${name}] is invalid, reason: [expected ${type}]`,
    ),
  );

/** Anything but GET. */
export const wrongMethod = (context: JobContext, method: string): JsonAnswer =>
  badRequest(
    context,
    "1241003",
    text(`不支持的请求方法[${method}]`, `Request method [${method}] is not supported`),
  );

const notFound = (context: JobContext, code: string, message: Text): JsonAnswer =>
  v4Error(context, { status: 404, code: "NOT_FOUND", message, details: [{ code, message }] });

/** No such job in the scope, be it unknown, deleted after 30 days or of another scope. */
export const jobNotFound = (context: JobContext): JsonAnswer =>
  notFound(context, "1244006", text("作业实例不存在", "Job instance does not exist"));

/** No such business or business set. */
export const scopeNotFound = (context: JobContext): JsonAnswer =>
  notFound(context, "1241008", text("错误的业务 ID", "Wrong business ID"));

/** What to apply for in IAM, from the endpoint's documentation. */
const IAM_APPLICATION = {
  system_id: "bk_job",
  system_name: "作业平台",
  actions: [
    {
      id: "access_business",
      name: "业务访问",
      related_resource_types: [
        {
          type: "biz",
          system_id: "bk_cmdb",
          system_name: "配置平台",
          type_name: "业务",
          instances: [[{ id: "1", type: "business", name: "blueking", type_name: "业务" }]],
        },
      ],
    },
  ],
};

export const NO_PERMISSION_MESSAGE: Text = text(
  "用户(张三)权限不足，请前往权限中心确认并申请补充后重试",
  "User (张三) has insufficient permissions; please apply for them in the permission center and try again",
);

/** The documented answer to a user without the permission to see the job. */
export const noPermission = (context: JobContext, code = "NO_PERMISSION"): JsonAnswer =>
  v4Error(context, {
    status: 403,
    code,
    message: NO_PERMISSION_MESSAGE,
    data: IAM_APPLICATION,
  });
