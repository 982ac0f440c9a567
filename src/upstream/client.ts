/** The endpoint `get_job_instance_status`: a reference and a caller in, an outcome out. */
import pLimit from "p-limit";
import type { JobOutcome, JobRef } from "../model/job-instance.ts";
import { type Caller, callerHeaders, secretsOf } from "./caller.ts";
import { decodeJobInstance } from "./decode-job-instance.ts";
import { isErrorBody, readFailure, upstreamDetails } from "./failure.ts";
import { parseJson, parseJsonExactly } from "./json.ts";
import { ContractBreak, InexactInteger, object } from "./reader.ts";
import { createTransport, type TransportOptions, type TransportResponse } from "./transport.ts";
import { UpstreamError } from "./upstream-error.ts";

/** What a lookup needs of a job: its status alone, or host results too. */
export type Needs = "status" | "hosts";

export interface UpstreamClient {
  /**
   * One upstream call, as soon as a connection is free.
   * @throws UpstreamError; the reason of `signal` when that aborts.
   */
  readonly getJobInstance: (
    ref: JobRef,
    needs: Needs,
    caller: Caller,
    signal?: AbortSignal,
  ) => Promise<JobOutcome>;
  /** Waits for the calls in flight, then closes the connections. */
  readonly close: () => Promise<void>;
  /** Cuts off the calls in flight, which fail with `UPSTREAM_UNAVAILABLE`. */
  readonly destroy: () => Promise<void>;
}

export function createUpstreamClient(options: TransportOptions): UpstreamClient {
  const transport = createTransport(options);
  // A call's time limit must not run while the call waits for a connection, so waiting is done here.
  const limit = pLimit(options.connections);

  const getJobInstance: UpstreamClient["getJobInstance"] = async (ref, needs, caller, signal) => {
    const headers = callerHeaders(caller);
    const response = await limit(() => transport.get(endpoint(ref, needs), headers, signal));
    return readOutcome(response, needs, (text) => clean(text, options.baseUrl, caller));
  };

  return { getJobInstance, close: transport.close, destroy: transport.destroy };
}

/** Both dialects' flags at once: a server ignores the one that it does not know. */
function endpoint({ scope, jobInstanceId }: JobRef, needs: Needs): string {
  const query = new URLSearchParams({
    bk_scope_type: scope.typeRaw,
    bk_scope_id: scope.id,
    job_instance_id: jobInstanceId,
    ...(needs === "hosts" && { return_ip_result: "true", return_execute_object_result: "true" }),
  });
  return `/api/v4/get_job_instance_status?${query}`;
}

function readOutcome(
  response: TransportResponse,
  needs: Needs,
  cleanText: (text: string) => string,
): JobOutcome {
  const observedAt = Date.now();
  const { status, body: text } = response;
  const parsed = parse(text, parseJson);
  const details = upstreamDetails(response, parsed, null);
  const breach = (message: string) => new UpstreamError("UPSTREAM_CONTRACT", cleanText(message), details);
  try {
    if (status >= 400 || (status >= 200 && isErrorBody(parsed)))
      return readFailure(response, parsed, cleanText);
    if (status >= 300) throw breach(`Expected JSON, got a redirect (HTTP ${status}), which is not followed.`);
    requireJson(response, parsed);
    const decode = (body: unknown) =>
      decodeJobInstance(object(body, ""), { needs, observedAt, upstreamRequestId: details.jobRequestId });
    try {
      return decode(parsed);
    } catch (error) {
      if (!(error instanceof InexactInteger)) throw error;
      return decode(parse(text, parseJsonExactly));
    }
  } catch (error) {
    throw error instanceof ContractBreak ? breach(error.message) : error;
  }
}

/** Undefined when the text is not JSON. */
function parse(text: string | null, read: (text: string) => unknown): unknown {
  try {
    return text === null ? undefined : read(text);
  } catch {
    return undefined;
  }
}

function requireJson(response: TransportResponse, parsed: unknown): void {
  const type = response.header("content-type")?.split(";")[0]?.trim().toLowerCase() ?? null;
  if (type !== null && type !== "application/json" && !type.endsWith("+json")) {
    throw new ContractBreak("the content type", "application/json", type);
  }
  if (parsed === undefined)
    throw new ContractBreak("the body", "JSON", response.body === "" ? null : "other text");
}

const MAX_MESSAGE_LENGTH = 1_000;

/** A text of the upstream without the caller's credentials and without the upstream's address. */
function clean(text: string, baseUrl: URL, caller: Caller): string {
  const hidden = [...secretsOf(caller), baseUrl.href, baseUrl.origin, baseUrl.host, baseUrl.pathname].filter(
    (secret) => secret.length >= 4,
  );
  const cleaned = hidden
    .sort((a, b) => b.length - a.length)
    .reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
  return cleaned.length > MAX_MESSAGE_LENGTH ? `${cleaned.slice(0, MAX_MESSAGE_LENGTH)}…` : cleaned;
}
