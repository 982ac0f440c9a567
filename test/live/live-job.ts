/** A job to subscribe to, which the test changes and whose calls are recorded. */
import type { SimulatedResponse } from "../../src/simulator/response.ts";
import type { SimulatedRequest } from "../../src/simulator/simulator.ts";
import { jobSubscription, onJob } from "../support/ask.ts";
import { type TestGateway, type TestGatewayOptions, useGateway } from "../support/gateway.ts";
import { hostRow, type JobPayload, jobResponse, stepRow } from "../support/job-payload.ts";
import { type LiveStream, type Subscribe, subscribeByEvents } from "../support/live-clients.ts";

export const JOB = "30000000001";

export interface LiveJob {
  /** Changes the job. */
  readonly become: (job: JobPayload) => void;
  /** Overrides the upstream's responses while this returns one. */
  readonly answerWith: (answer: (request: SimulatedRequest) => SimulatedResponse | undefined) => void;
  /** Calls for the job so far. */
  readonly calls: () => SimulatedRequest[];
  /** The token of each of these calls. */
  readonly tokens: () => string[];
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

export function createLiveJob({ simulator }: TestGateway, first: JobPayload = running()): LiveJob {
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
      // In a different order each time, as servers return them.
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
    tokens: () => calls().map(tokenOf),
  };
}

/** A gateway with the job. */
export async function useLiveJob(options: TestGatewayOptions = {}) {
  const gateway = await useGateway(options);
  return { gateway, job: createLiveJob(gateway) };
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

/** Subscribes to fields of the job with a token. */
export const subscribeAs = (
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

/** The results of the stream so far. */
export const updatesOf = ({ results }: LiveStream) => results.map(({ data }) => data?.jobInstanceUpdated);
