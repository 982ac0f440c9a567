/** A job for people to watch: it changes when a test says so, and knows who may see it. */
import type { SimulatedResponse } from "../../src/simulator/response.ts";
import type { SimulatedRequest } from "../../src/simulator/simulator.ts";
import { jobSubscription, onJob } from "../support/ask.ts";
import { type TestGateway, type TestGatewayOptions, useGateway } from "../support/gateway.ts";
import { hostRow, type JobPayload, jobResponse, stepRow } from "../support/job-payload.ts";
import { type LiveStream, type Subscribe, subscribeByEvents } from "../support/live-clients.ts";

export const JOB = "30000000001";

export interface WatchedJob {
  /** What the job is from now on. */
  readonly become: (job: JobPayload) => void;
  /** What the upstream answers instead, for as long as this gives something. */
  readonly answerWith: (answer: (request: SimulatedRequest) => SimulatedResponse | undefined) => void;
  /** Calls for the job so far. */
  readonly calls: () => SimulatedRequest[];
  /** Whose credentials each of these calls had. */
  readonly askers: () => string[];
}

/** A running job of one step, on these hosts. */
export const running = (
  fields: Record<string, unknown> = {},
  statuses: readonly number[] = [],
): JobPayload => ({
  finished: false,
  fields: { status: 2, start_time: Date.UTC(2026, 0, 1), ...fields },
  steps: [
    stepRow({ status: 2, step_ip_result_list: statuses.map((status, id) => hostRow(id + 1, { status })) }),
  ],
});

export const finished: JobPayload = { finished: true, fields: { status: 3 }, steps: [stepRow()] };

export const tokenOf = ({ headers }: SimulatedRequest): string =>
  JSON.parse(String(headers["x-bkapi-authorization"])).access_token;

export function watchedJob({ simulator }: TestGateway, first: JobPayload = running()): WatchedJob {
  let job = first;
  let other: (request: SimulatedRequest) => SimulatedResponse | undefined = () => undefined;
  let read = 0;
  simulator.script(JOB, (request) => {
    const answer = other(request);
    if (answer) return answer;
    read += 1;
    const wantsHosts = request.query.return_ip_result === "true";
    const steps = (job.steps ?? []).map(({ step_ip_result_list: rows, ...rest }) => ({
      ...rest,
      // In another order each time, as servers do.
      ...(wantsHosts && Array.isArray(rows) && { step_ip_result_list: rotated(rows, read) }),
    }));
    const fields = { job_instance_id: Number(JOB), ...job.fields };
    return jobResponse({ ...job, fields, steps }, `read-${read}`);
  });
  const calls = () => simulator.requests.filter(({ query }) => query.job_instance_id === JOB);
  return {
    become: (next) => {
      job = next;
    },
    answerWith: (answer) => {
      other = answer;
    },
    calls,
    askers: () => calls().map(tokenOf),
  };
}

/** A gateway whose upstream has the job. */
export async function useWatched(options: TestGatewayOptions = {}) {
  const gateway = await useGateway(options);
  return { gateway, job: watchedJob(gateway) };
}

const rotated = <T>(items: readonly T[], by: number): T[] => {
  const at = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
};

export const DENIED: SimulatedResponse = {
  kind: "json",
  status: 403,
  body: { error: { code: "NO_PERMISSION", message: "权限不足" } },
};

export const UNAVAILABLE: SimulatedResponse = { kind: "raw", status: 503, body: "" };

/** Watches the job as `token`, with these fields of it. */
export const watchAs = (
  { url }: TestGateway,
  token: string,
  fields = "name status",
  {
    subscribe = subscribeByEvents,
    headers = {},
  }: { subscribe?: Subscribe; headers?: Record<string, string> } = {},
): LiveStream =>
  subscribe(
    url,
    {
      query: jobSubscription(JOB, `__typename ${onJob(fields)} ... on Problem { message }`),
    },
    { "x-bkapi-authorization": JSON.stringify({ access_token: token }), ...headers },
  );

/** What the stream told of the job so far. */
export const told = ({ results }: LiveStream) => results.map(({ data }) => data?.jobInstanceUpdated);
