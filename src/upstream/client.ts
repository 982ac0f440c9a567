/** The endpoint `get_job_instance_status`: a reference and a caller in, an outcome out. */
import { setImmediate as turn } from "node:timers/promises";
import type { JobOutcome, JobRef, Needs } from "../model/job-instance.ts";
import { createBodyReader, decodeUtf8 } from "./body.ts";
import { type Caller, callerHeaders } from "./caller.ts";
import { decodeJobInstance, type Reading } from "./decode-job-instance.ts";
import { ContractViolation } from "./decoders.ts";
import { upstreamDetails } from "./details.ts";
import { isErrorBody, readFailure } from "./failure.ts";
import { createPlaces } from "./places.ts";
import { type Clean, createSecrecy } from "./secrecy.ts";
import type { Trace } from "./trace.ts";
import {
  createTransport,
  type ResponseHead,
  TransportFailure,
  type TransportOptions,
  type TransportResponse,
} from "./transport.ts";
import { NO_DETAILS, type UpstreamDetails, UpstreamError } from "./upstream-error.ts";

export interface Lookup {
  readonly ref: JobRef;
  readonly needs: Needs;
  readonly caller: Caller;
  /** Where the call is noted. */
  readonly trace: Trace;
  /** Ends the call. */
  readonly signal: AbortSignal;
}

export interface UpstreamClient {
  /**
   * One upstream call, as soon as a connection is free.
   * @throws UpstreamError; the reason of `signal` when that aborts.
   */
  readonly getJobInstance: (lookup: Lookup) => Promise<JobOutcome>;
  /** Waits for the calls in flight, then closes the connections. */
  readonly close: () => Promise<void>;
  /** Cuts off the calls in flight, which fail with `UPSTREAM_UNAVAILABLE`. */
  readonly destroy: () => Promise<void>;
}

/** From here on, receiving, reading and answering are turns of their own, so that small requests get theirs between. */
const LARGE_BODY_BYTES = 256 * 1024;

export function createUpstreamClient(options: TransportOptions): UpstreamClient {
  const transport = createTransport(options);
  // A call's time limit must not run while the call waits for a connection, so waiting is done here.
  const places = createPlaces(options.connections);
  const cleanFor = createSecrecy(options.baseUrl);
  const readBody = createBodyReader();

  const getJobInstance: UpstreamClient["getJobInstance"] = async ({ ref, needs, caller, trace, signal }) => {
    const headers = callerHeaders(caller);
    const clean = cleanFor(caller);
    const detailsOf = (head: ResponseHead, parsed?: unknown): UpstreamDetails => {
      const details = upstreamDetails(head, parsed, null, clean);
      const ids = [details.jobRequestId, details.gatewayRequestId];
      trace.upstreamRequestIds.push(...ids.filter((id) => id !== null));
      return details;
    };

    const call = () => {
      signal.throwIfAborted();
      trace.upstreamCalls += 1;
      return transport.get(endpoint(ref, needs), headers, signal);
    };
    const response = await places.run(call).catch((error: unknown) => {
      if (!(error instanceof TransportFailure)) throw error;
      const { code, message, head } = error;
      throw new UpstreamError(code, message, head === null ? NO_DETAILS : detailsOf(head));
    });

    const observedAt = Date.now();
    const isLarge = response.body.length > LARGE_BODY_BYTES;
    if (isLarge) await turn();
    const body = readBody(response.body, needs);
    const details = detailsOf(response, body);
    try {
      const reading = { needs, observedAt, upstreamRequestId: details.jobRequestId };
      const outcome = readOutcome(response, body, reading, clean);
      if (isLarge) await turn();
      return outcome;
    } catch (error) {
      if (!(error instanceof ContractViolation)) throw error;
      throw new UpstreamError("UPSTREAM_CONTRACT", clean(error.message), details);
    }
  };

  return { getJobInstance, close: transport.close, destroy: transport.destroy };
}

/** Both dialects' flags at once: a server ignores the one that it does not know. */
const HOST_FLAGS = "&return_ip_result=true&return_execute_object_result=true";

const endpoint = ({ scope, jobInstanceId }: JobRef, needs: Needs): string =>
  `/api/v4/get_job_instance_status?bk_scope_type=${scope.typeRaw}` +
  // Whatever text it is: what UTF-8 cannot express becomes its sign for that.
  `&bk_scope_id=${encodeURIComponent(scope.id.toWellFormed())}` +
  `&job_instance_id=${jobInstanceId}${needs === "hosts" ? HOST_FLAGS : ""}`;

/** @throws UpstreamError, and ContractViolation for what is no answer of this endpoint. */
function readOutcome(response: TransportResponse, body: unknown, reading: Reading, clean: Clean): JobOutcome {
  const { status } = response;
  if (status >= 300 && status < 400)
    throw new ContractViolation("the answer", "JSON", `redirect, HTTP ${status}`);
  if (status >= 400 || isErrorBody(body)) return readFailure(response, body, clean);
  requireJson(response, body);
  return decodeJobInstance(body, reading);
}

function requireJson({ header, body: bytes }: TransportResponse, body: unknown): void {
  const type = header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== undefined && type !== "application/json" && !type.endsWith("+json")) {
    throw new ContractViolation("the content type", "application/json", type);
  }
  if (body !== undefined) return;
  const text = decodeUtf8(bytes);
  if (text === null) throw new ContractViolation("the body", "JSON in UTF-8", "other bytes");
  throw new ContractViolation("the body", "JSON", text || null);
}
