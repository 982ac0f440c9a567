/** The upstream of the chaos: it answers every call by the truth, or with a fault of the weather. */
import { createServer, type IncomingMessage } from "node:http";
import type { TestContext } from "vitest";
import { jobNotFound, noPermission } from "../../src/simulator/bk-job-errors.ts";
import { apiGatewayError } from "../../src/simulator/envelopes.ts";
import { type SimulatedResponse, toJson } from "../../src/simulator/response.ts";
import { sendResponse } from "../../src/simulator/send-response.ts";
import { hostRow, jobBody, stepRow } from "../support/job-payload.ts";
import { useServer } from "../support/listen.ts";
import { isFault, respondWithFault, type Sky } from "./faults.ts";
import { callerOf, type Identity } from "./identities.ts";
import type { Report } from "./report.ts";
import type { Sent } from "./sent.ts";
import { UPSTREAM_TIMEOUT_MS } from "./settings.ts";
import { type Call, isFinishedAt, type Job, rowsAt, type Truth } from "./truth.ts";

export interface UpstreamOptions {
  readonly truth: Truth;
  readonly sky: Sky;
  readonly report: Report;
  readonly sent: Sent;
}

/** @returns its base URL */
export async function startUpstream(
  options: UpstreamOptions,
  test: Pick<TestContext, "onTestFinished">,
): Promise<string> {
  const payloads = createPayloads();
  let count = 0;
  const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    request.resume();
    count += 1;
    const { call, respond } = receive(request, `call-${count}`, options);
    options.truth.addCall(call);
    response.once("finish", () => {
      call.sentAt = performance.now();
    });
    response.once("close", () => {
      // The gateway gave up, perhaps after its timeout, which counts as a failure.
      if (!response.writableFinished) options.truth.fail();
    });
    options.report.count("upstream calls", call.outcome);
    void sendResponse(respond(payloads), request, response);
  });
  return `http://127.0.0.1:${await useServer(server, test)}`;
}

interface Received {
  readonly call: Call;
  readonly respond: (payloads: Payloads) => SimulatedResponse;
}

function receive(request: IncomingMessage, id: string, options: UpstreamOptions): Received {
  const { truth, sky, sent } = options;
  const { traceparent } = request.headers;
  const arrivedAt = performance.now();
  const query = new URL(request.url ?? "", "http://upstream").searchParams;
  const jobId = query.get("job_instance_id") ?? "";
  const authorization = String(request.headers["x-bkapi-authorization"] ?? "");
  const identity = callerOf(authorization);
  const job = truth.jobOf(jobId);
  const { fault, delayMs, isSlow } = sky.draw();
  // A slow body can take longer than the timeout.
  if (fault || isSlow) truth.fail();
  // A poll belongs to no request. It cannot have waited for longer than its timeout.
  const startedFrom = sent.at(traceparent) ?? arrivedAt - UPSTREAM_TIMEOUT_MS - POLL_SLACK_MS;
  sent.noteCall(traceparent);
  const call: Call = {
    id,
    identity,
    jobId,
    withHosts: query.get("return_ip_result") === "true",
    outcome: identity ? (fault ?? outcomeOf(truth, identity, job)) : "unauthorized",
    version: job?.version ?? 0,
    startedFrom,
    arrivedAt,
    sentAt: Number.POSITIVE_INFINITY,
  };
  const respond: Received["respond"] = (payloads) => {
    const context = { callId: id, authorization, body: job ? payloads.bodyOf(job, call) : "{}" };
    if (isFault(call.outcome)) return respondWithFault(call.outcome, context);
    if (call.outcome !== "job") return problemOf(call);
    if (!isSlow) return { kind: "delayed", delayMs, response: ok(context.body) };
    const chunkBytes = Math.ceil(context.body.length / SLOW_PIECES);
    return {
      kind: "drip",
      status: 200,
      headers: JSON_TYPE,
      body: context.body,
      chunkBytes,
      pauseMs: delayMs,
    };
  };
  return { call, respond };
}

const POLL_SLACK_MS = 1_000;
/** Of a response that arrives slowly. */
const SLOW_PIECES = 5;
const JSON_TYPE = { "content-type": "application/json" };

const ok = (body: string): SimulatedResponse => ({ kind: "raw", status: 200, headers: JSON_TYPE, body });

const outcomeOf = (truth: Truth, identity: Identity, job: Job | null): Call["outcome"] => {
  if (!job) return "notFound";
  return truth.isPermitted(identity, job.id) ? "job" : "denied";
};

function problemOf({ id, outcome }: Call): SimulatedResponse {
  const context = { jobRequestId: id, language: "en" } as const;
  if (outcome === "denied") return noPermission(context);
  if (outcome === "notFound") return jobNotFound(context);
  return apiGatewayError({
    status: 401,
    code: 1_640_101,
    codeName: "UNAUTHORIZED",
    message: "Unknown token",
  });
}

interface Payloads {
  readonly bodyOf: (job: Job, call: Call) => string;
}

/** Remembers the data of the latest version of each job, because a large job takes milliseconds to write. */
function createPayloads(): Payloads {
  const written = new Map<string, { readonly version: number; readonly data: string }>();
  const dataOf = (job: Job, withHosts: boolean): string => {
    const key = `${job.id} ${withHosts}`;
    let found = written.get(key);
    if (found?.version !== job.version) {
      found = { version: job.version, data: toJson(payloadOf(job, withHosts)) };
      written.set(key, found);
    }
    return found.data;
  };
  return {
    bodyOf: (job, { id, withHosts }) => `{"data":${dataOf(job, withHosts)},"job_request_id":"${id}"}`,
  };
}

export const nameAt = (jobId: string, version: number): string => `job ${jobId} v${version}`;

/** The tag of each row, and the name of each step. */
export const tagAt = (version: number): string => `v${version}`;

/** Every part of the payload contains the version. */
function payloadOf(job: Job, withHosts: boolean): object {
  const { id, version } = job;
  const finished = isFinishedAt(job, version);
  const rows = (step: number) =>
    Array.from({ length: rowsAt(job, version) }, (_, index) =>
      hostRow(step * 10_000 + index, { tag: tagAt(version), exit_code: version }),
    );
  const step = (number: number) =>
    stepRow({
      step_instance_id: Number(id) * 10 + number,
      name: tagAt(version),
      ...(withHosts && { step_ip_result_list: rows(number) }),
    });
  return jobBody({
    finished,
    fields: { job_instance_id: Number(id), name: nameAt(id, version), status: finished ? 3 : 2 },
    steps: [step(1), step(2)],
  }).data;
}
