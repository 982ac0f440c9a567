/** The responses of the simulator in the sequences, a pure function of the request and the version of the job. */
import type { SimulatedResponse } from "../../src/simulator/response.ts";
import type { SimulatedRequest, Simulator } from "../../src/simulator/simulator.ts";
import { EDGE_CASE_JOB, scriptEdgeCaseJob } from "../graphql/executor/edge-case-job.ts";
import { jobRow, stepRow } from "../support/job-payload.ts";
import { type Identity, lookupKey } from "./identities.ts";
import { CHANGING_JOBS, type Form, stateOf, type TrueRow, type TrueStep } from "./job-states.ts";

/** Identifies a job, such as `biz/1/801`. */
export type JobPath = string;

/** Versions of jobs by path; 0 by default. */
export type Versions = Readonly<Record<JobPath, number>>;

/** The key for the version that calls without host results see, if it differs. */
export const statusOf = (path: JobPath): JobPath => `${path} status`;

export const jobPathOf = ({ query }: SimulatedRequest): JobPath =>
  `${query.bk_scope_type}/${query.bk_scope_id}/${query.job_instance_id}`;

/** Whether the request has the flag of either dialect. */
export const asksForHosts = ({ query }: SimulatedRequest): boolean =>
  query.return_ip_result === "true" || query.return_execute_object_result === "true";

/** The `lookupKey` of a call. */
export const callKey = (call: SimulatedRequest): string => {
  const header = (name: string) => (call.headers[name] === undefined ? null : String(call.headers[name]));
  const language = header("blueking-language");
  const identity = { authorization: header("x-bkapi-authorization"), tenantId: header("x-bk-tenant-id") };
  // Other values do not belong to an identity of the sequences.
  return lookupKey({ ...identity, language: language as Identity["language"] }, jobPathOf(call));
};

/** Scripts the changing jobs, each at the version that `versionOf` returns for the call. */
export function scriptUpstream(simulator: Simulator, versionOf: (call: SimulatedRequest) => number): void {
  scriptEdgeCaseJob(simulator);
  let reads = 0;
  for (const id of Object.keys(CHANGING_JOBS)) {
    simulator.script(id, (request) => answerOf(request, versionOf(request), reads++));
  }
}

/** Ids of jobs whose responses never change. Every identity may see the edge-case job. */
export const CONSTANT_JOBS: readonly string[] = [EDGE_CASE_JOB, "100", "20000000002"];

const SCOPE_IDS: readonly string[] = ["1", "9991001"];

const DENIED_TOKEN = "no-permission";
const EXPIRED_TOKEN = "expired-token";
const TOKEN = /"access_token":\s*"(?:token-of-)?([^"]*)"/;

/** The user by the credentials of a request. */
const userOf = ({ headers }: SimulatedRequest): string =>
  TOKEN.exec(String(headers["x-bkapi-authorization"]))?.[1] ?? "";

/** One user may see one job only at some versions, as if permissions were granted and withdrawn. */
const isDenied = (user: string, id: string, version: number): boolean =>
  user === DENIED_TOKEN || (user === "bob" && id === "802" && version % 3 === 1);

/** Undefined keeps the simulator's own response, for invalid credentials and missing scopes. */
function answerOf(request: SimulatedRequest, version: number, read: number): SimulatedResponse | undefined {
  const { bk_scope_type: scopeType, bk_scope_id: scopeId = "", job_instance_id: id = "" } = request.query;
  const user = userOf(request);
  if (user === EXPIRED_TOKEN || !SCOPE_IDS.includes(scopeId)) return undefined;
  const language = String(request.headers["blueking-language"] ?? "none");
  const requestId = `request-${id}-${version}`;
  const headers = { "x-bkapi-request-id": `gateway-${requestId}` };
  if (isDenied(user, id, version)) {
    const error = { code: "NO_PERMISSION", message: `${language}: ${user} may not see ${id}` };
    return { kind: "json", status: 403, headers, body: { error, job_request_id: requestId } };
  }
  const failure = version % 2 === 1 ? FAILURES[id]?.(asksForHosts(request)) : null;
  if (failure) return { ...failure, headers: { ...headers, ...failure.headers } };

  const tenant = String(request.headers["x-bk-tenant-id"] ?? "none");
  const name = `job ${id} of ${scopeType} ${scopeId}, version ${version}, for ${user}, tenant ${tenant}, language ${language}`;
  const scope = { bk_scope_type: scopeType, bk_scope_id: scopeId };
  const data = dataOf(id, version, { ...scope, name }, asksForHosts(request), read);
  return { kind: "json", status: 200, headers, body: { data, job_request_id: requestId } };
}

type FailureAnswer = Extract<SimulatedResponse, { kind: "json" | "raw" }>;

/** Errors at odd versions. */
const FAILURES: Readonly<Record<string, (asksHosts: boolean) => FailureAnswer | null>> = {
  // Only its rows violate the contract.
  "804": (asksHosts) => (asksHosts ? { kind: "json", status: 200, body: brokenRows() } : null),
  "805": () => ({ kind: "json", status: 500, body: { error: { code: "INTERNAL", message: "数据库异常" } } }),
  "806": () => ({
    kind: "json",
    status: 429,
    headers: { "retry-after": "2" },
    body: { error: { code: "RESOURCE_EXHAUSTED", message: "too many" } },
  }),
  "807": () => ({
    kind: "raw",
    status: 502,
    headers: { "content-type": "text/html" },
    body: "<html>bad</html>",
  }),
};

function brokenRows(): object {
  const data = dataOf("804", 1, { bk_scope_type: "biz", bk_scope_id: "1", name: "broken" }, true, 0);
  const [first, ...others] = data.step_instance_list;
  return { data: { ...data, step_instance_list: [{ ...first, step_ip_result_list: [{}] }, ...others] } };
}

const LIST_KEYS = {
  contract: "step_ip_result_list",
  release: "step_execute_object_result_list",
} as const satisfies Record<Form, string>;

function dataOf(id: string, version: number, head: object, asksHosts: boolean, read: number) {
  const kind = CHANGING_JOBS[id];
  const job = stateOf(id, version);
  if (!kind || !job) throw new Error(`Expected one of the changing jobs, got ${id}.`);
  const time = { create_time: job.startedAt - 1, start_time: job.startedAt, ...ended(job) };
  return {
    finished: job.isFinished,
    job_instance: jobRow({
      job_instance_id: BigInt(id),
      ...head,
      bk_biz_id: 1,
      status: job.statusCode,
      ...time,
    }),
    step_instance_list: job.steps.map((step) =>
      stepRow({
        step_instance_id: step.id,
        name: step.name,
        type: step.typeCode,
        status: step.statusCode,
        execute_count: step.retryCount,
        create_time: job.startedAt - 1,
        ...(step.startedAt !== null && { start_time: step.startedAt }),
        ...ended(step),
        ...(asksHosts && step.rows && { [LIST_KEYS[kind.form]]: rowsOf(step, step.rows, kind.form, read) }),
      }),
    ),
  };
}

const ended = ({ startedAt, finishedAt }: { startedAt: number | null; finishedAt: number | null }) =>
  startedAt !== null && finishedAt !== null
    ? { end_time: finishedAt, total_time: finishedAt - startedAt }
    : {};

/** The rows start at a different one on every read, because their order is not defined. */
function rowsOf(step: TrueStep, rows: readonly TrueRow[], form: Form, read: number): object[] {
  const first = read % rows.length;
  return [...rows.slice(first), ...rows.slice(0, first)].map((row, index) => ({
    ...(form === "contract" ? contractTarget(row) : releaseTarget(row)),
    status: row.statusCode,
    // Absent and null are equivalent.
    ...((row.tag !== null || index % 2 === 0) && { tag: row.tag }),
    ...(row.exitCode !== null && { exit_code: row.exitCode }),
    ...(row.statusCode !== 5 && { start_time: step.startedAt }),
    ...(row.exitCode !== null && { end_time: (step.startedAt ?? 0) + 10, total_time: 10 }),
  }));
}

const contractTarget = ({ hostId, ip }: TrueRow) => ({ bk_host_id: hostId, ip, bk_cloud_id: 0 });

const releaseTarget = ({ hostId, ip, containerName }: TrueRow) => ({
  execute_object:
    hostId === null
      ? {
          type: 2,
          resource_id: "77",
          container: { id: 77, container_id: "docker://77", name: containerName, node_host_id: hostId },
        }
      : { type: 1, resource_id: String(hostId), host: { bk_host_id: hostId, ip, bk_cloud_id: 0, alive: 1 } },
});

/**
 * The outcome of a call at a version: the job or a problem; null for an error, after which earlier data stay valid.
 */
export function outcomeOf(call: SimulatedRequest, version: number): "job" | "problem" | null {
  const { job_instance_id: id = "", bk_scope_id: scopeId = "" } = call.query;
  if (id === EDGE_CASE_JOB) return "job";
  const user = userOf(call);
  if (user === EXPIRED_TOKEN) return null;
  if (isDenied(user, id, version) || !SCOPE_IDS.includes(scopeId)) return "problem";
  if (version % 2 === 1 && FAILURES[id]?.(asksForHosts(call))) return null;
  return CHANGING_JOBS[id] || CONSTANT_JOBS.includes(id) ? "job" : "problem";
}
