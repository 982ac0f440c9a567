/** The errors of bk-job on this endpoint, with its messages and the numbers of its `ErrorCode`. */

import type { LocalizedMessage } from "./call.ts";
import { type ErrorDetail, type JobContext, v4Error } from "./envelopes.ts";
import type { JsonResponse } from "./response.ts";

const localized = (chinese: string, english: string): LocalizedMessage => ({ "zh-cn": chinese, en: english });

const invalidArgument = (
  context: JobContext,
  message: LocalizedMessage,
  details?: readonly ErrorDetail[],
): JsonResponse =>
  v4Error(context, { status: 400, code: "INVALID_ARGUMENT", message, ...(details && { details }) });

/** A parameter with an invalid value. `message` names the parameter, as in the documented example. */
export const illegalParameter = (context: JobContext, name: string): JsonResponse =>
  invalidArgument(context, localized(`请求参数[${name}]不合法`, `Request parameter [${name}] is invalid`));

/** A missing, blank or mistyped parameter. `message` is generic; only `details[0].message` is specific. */
const requestError = (context: JobContext, code: string, message: LocalizedMessage): JsonResponse =>
  invalidArgument(context, localized("请求参数不合法", "Request parameter is invalid"), [{ code, message }]);

/** A required parameter that is missing or blank. */
export const missingParameter = (context: JobContext, name: string): JsonResponse =>
  requestError(
    context,
    "1241004",
    localized(`请求参数[${name}]缺失`, `Request parameter [${name}] is missing`),
  );

/** A parameter that cannot be parsed. */
export const mistypedParameter = (context: JobContext, name: string, type: string): JsonResponse =>
  requestError(
    context,
    "1241010",
    localized(
      `请求参数[${name}]不合法，原因：[类型应为${type}]`,
      `Request parameter [${name}] is invalid, reason: [expected ${type}]`,
    ),
  );

/** A method other than GET. */
export const wrongMethod = (context: JobContext, method: string): JsonResponse =>
  requestError(
    context,
    "1241003",
    localized(`不支持的请求方法[${method}]`, `Request method [${method}] is not supported`),
  );

const notFound = (context: JobContext, code: string, message: LocalizedMessage): JsonResponse =>
  v4Error(context, { status: 404, code: "NOT_FOUND", message, details: [{ code, message }] });

/** No such job in the scope: the id is unknown, belongs to another scope, or the job was deleted after 30 days. */
export const jobNotFound = (context: JobContext): JsonResponse =>
  notFound(context, "1244006", localized("作业实例不存在", "Job instance does not exist"));

/** No such business or business set. */
export const scopeNotFound = (context: JobContext): JsonResponse =>
  notFound(context, "1241008", localized("错误的业务 ID", "Wrong business ID"));

/** The permissions to apply for in IAM, from the endpoint's documentation. */
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

export const NO_PERMISSION_MESSAGE: LocalizedMessage = localized(
  "用户(张三)权限不足，请前往权限中心确认并申请补充后重试",
  "User (张三) has insufficient permissions; please apply for them in the permission center and try again",
);

/** The documented response to a user without permission for the job. */
export const noPermission = (context: JobContext, code = "NO_PERMISSION"): JsonResponse =>
  v4Error(context, {
    status: 403,
    code,
    message: NO_PERMISSION_MESSAGE,
    data: IAM_APPLICATION,
  });
