/** The endpoint `get_job_instance_status`: the checks of a real deployment, in the same order, then the job. */
import { randomUUID } from "node:crypto";
import {
  illegalParameter,
  jobNotFound,
  missingParameter,
  mistypedParameter,
  noPermission,
  scopeNotFound,
  wrongMethod,
} from "./bk-job-errors.ts";
import type { Call, Language, SimulatedRequest } from "./call.ts";
import { NO_PERMISSION_TOKEN, readCredentials } from "./credentials.ts";
import type { JobContext } from "./envelopes.ts";
import type { JobDirectory } from "./job-directory.ts";
import { DIALECT_NAMES, type Dialect } from "./render.ts";
import type { SimulatedResponse } from "./response.ts";

/** The existing scopes. `biz:2` has no jobs: use it to request jobs in a scope that they do not belong to. */
const SCOPES: ReadonlySet<string> = new Set(["biz:1", "biz:2", "biz_set:9991001", "tenant_set:1"]);

const REQUIRED = ["bk_scope_type", "bk_scope_id", "job_instance_id"] as const;

const TRUE_VALUES = new Set(["true", "on", "yes", "1"]);
const FALSE_VALUES = new Set(["false", "off", "no", "0", ""]);
const MAX_LONG = 2n ** 63n - 1n;

/** The built-in response to a request for the endpoint. */
export function respondToRequest(
  request: SimulatedRequest,
  dialect: Dialect,
  jobs: JobDirectory,
): SimulatedResponse {
  const caller = readCredentials(firstValue(request.headers["x-bkapi-authorization"]));
  if ("errorResponse" in caller) return caller.errorResponse;

  const context = { jobRequestId: randomUUID().replaceAll("-", ""), language: languageOf(request) };
  const call = readCall(request, dialect, context);
  if ("kind" in call) return call;

  const scope = `${request.query.bk_scope_type}:${request.query.bk_scope_id}`;
  if (!SCOPES.has(scope)) return scopeNotFound(context);
  const job = jobs.find(scope, call.jobInstanceId);
  if (job === undefined) return jobNotFound(context);
  if (caller.credentials.access_token === NO_PERMISSION_TOKEN) return noPermission(context);
  return job(call);
}

/** The parameters as Spring binds them, or the error response to invalid ones. */
function readCall(
  request: SimulatedRequest,
  dialect: Dialect,
  context: JobContext,
): Call | SimulatedResponse {
  if (request.method !== "GET") return wrongMethod(context, request.method);
  const { query } = request;
  const missing = REQUIRED.find((name) => (query[name] ?? "").trim() === "");
  if (missing !== undefined) return missingParameter(context, missing);

  const { flag, scopeTypes } = DIALECT_NAMES[dialect];
  const jobInstanceId = parseLong(query.job_instance_id ?? "");
  if (jobInstanceId === undefined) return mistypedParameter(context, "job_instance_id", "long");
  const wantsRows = parseBoolean(query[flag] ?? "");
  if (wantsRows === undefined) return mistypedParameter(context, flag, "boolean");

  if (!scopeTypes.includes(query.bk_scope_type ?? "")) return illegalParameter(context, "bk_scope_type");
  if (jobInstanceId < 1n) return illegalParameter(context, "job_instance_id");
  return { ...context, request, dialect, jobInstanceId: jobInstanceId.toString(), wantsRows };
}

/** As Spring's `StringToNumber` for a `Long`: accepts surrounding white space and a sign, up to 64 bits. */
function parseLong(raw: string): bigint | undefined {
  const digits = /^\s*\+?(-?\d+)\s*$/.exec(raw)?.[1];
  if (digits === undefined) return undefined;
  const value = BigInt(digits);
  return value > MAX_LONG || value < -MAX_LONG - 1n ? undefined : value;
}

/** As Spring's `StringToBooleanConverter`. An empty value means false, like an absent one. */
function parseBoolean(raw: string): boolean | undefined {
  const value = raw.trim().toLowerCase();
  if (TRUE_VALUES.has(value)) return true;
  return FALSE_VALUES.has(value) ? false : undefined;
}

const languageOf = ({ headers }: SimulatedRequest): Language =>
  firstValue(headers["blueking-language"])?.toLowerCase() === "en" ? "en" : "zh-cn";

/** The first value of a header that was sent several times. */
const firstValue = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;
