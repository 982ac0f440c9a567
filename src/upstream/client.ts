/** The endpoint `get_job_instance_status`: a reference and a caller in, an outcome out. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import type { JobOutcome, JobRef, RequiredData } from "../model/job-instance.ts";
import type { OperationLog } from "../model/operation-log.ts";
import { type Caller, upstreamHeaders } from "./caller.ts";
import { decodeJobInstance, type ResponseInfo } from "./decode-job-instance.ts";
import { ContractViolation } from "./decoders.ts";
import { readErrorDetails } from "./error-details.ts";
import { decodeErrorResponse, isErrorBody } from "./error-response.ts";
import { createBodyReader, decodeUtf8 } from "./json-body.ts";
import { createRedaction, type Redact } from "./redaction.ts";
import {
  createTransport,
  type TransportOptions,
  type TransportRequest,
  type TransportResponse,
} from "./transport.ts";
import { type ResponseHead, TransportError } from "./transport-error.ts";
import { type ErrorDetails, NO_ERROR_DETAILS, UpstreamError } from "./upstream-error.ts";

export interface Lookup {
  readonly ref: JobRef;
  readonly requiredData: RequiredData;
  readonly caller: Caller;
  /** Where the call is noted. */
  readonly operationLog: OperationLog;
  /** Ends the call. */
  readonly signal: AbortSignal;
  /**
   * Called with `performance.now()` when the request is written to a connection. Before that the call may have waited, so
   * of two outcomes the one whose request was written later is the newer one. Called again when the request is written
   * once more.
   */
  readonly onDispatch?: (at: number) => void;
}

export interface UpstreamClient {
  /**
   * One upstream call, as soon as the caller gets a connection. A request that met the end of an idle connection is made
   * once more.
   * @throws UpstreamError; the reason of `signal` when that aborts.
   */
  readonly getJobInstance: (lookup: Lookup) => Promise<JobOutcome>;
  /** Waits for the calls in flight, then closes the connections. */
  readonly close: () => Promise<void>;
  /** Cuts off the calls in flight, which fail with `UPSTREAM_UNAVAILABLE`. */
  readonly destroy: () => Promise<void>;
}

/** From here on, receiving, reading and answering are turns of their own, so that small requests get theirs between. */
const LARGE_RESPONSE_BYTES = 256 * 1024;

export function createUpstreamClient(options: TransportOptions): UpstreamClient {
  const transport = createTransport(options);
  const callerOptionsOf = createCallerOptions(options);
  const readBody = createBodyReader();

  const getJobInstance: UpstreamClient["getJobInstance"] = async (lookup) => {
    const { ref, requiredData, caller, operationLog, signal, onDispatch } = lookup;
    const { headers, redact } = callerOptionsOf(caller);
    const detailsOf = (head: ResponseHead, parsed?: unknown): ErrorDetails => {
      const details = readErrorDetails(head, parsed, null, redact);
      const ids = [details.jobRequestId, details.gatewayRequestId];
      operationLog.upstreamRequestIds.push(...ids.filter((id) => id !== null));
      return details;
    };

    const request: TransportRequest = {
      path: endpoint(ref, requiredData),
      headers,
      identity: caller.identity,
      signal,
      onConnection: () => {
        operationLog.upstreamCalls += 1;
      },
      onDispatch: () => onDispatch?.(performance.now()),
    };
    const response = await transport.get(request).catch((error: unknown) => {
      if (!(error instanceof TransportError)) throw error;
      const { code, message, head, retryAfterMs } = error;
      const details = head === null ? NO_ERROR_DETAILS : detailsOf(head);
      throw new UpstreamError(code, redact(message), details, retryAfterMs);
    });

    const observedAt = Date.now();
    const isLarge = response.body.length > LARGE_RESPONSE_BYTES;
    if (isLarge) await nextTurn();
    const body = readBody(response.body, requiredData);
    const details = detailsOf(response, body);
    try {
      const reading = { requiredData, observedAt, upstreamRequestId: details.jobRequestId };
      const outcome = readOutcome(response, body, reading, redact);
      if (isLarge) await nextTurn();
      return outcome;
    } catch (error) {
      if (!(error instanceof ContractViolation)) throw error;
      throw new UpstreamError("UPSTREAM_CONTRACT", redact(error.message), details);
    }
  };

  return { getJobInstance, close: transport.close, destroy: transport.destroy };
}

/** What is the same for all calls of a caller. */
interface CallerOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly redact: Redact;
}

/** Memory limit for cached options: about a thousand callers. Creating them costs as much as a small call. */
const MAX_CALLER_OPTIONS_BYTES = 32 * 2 ** 20;

/** About what the options of a caller take, as measured: most of it is the compiled pattern of the secrets. */
const CALLER_OPTIONS_BYTES = 24 * 2 ** 10;
/** And more for each character of the credentials, which the pattern has in several encodings. */
const OPTIONS_BYTES_PER_CHARACTER = 16;

/**
 * @returns the options for a caller.
 * @throws UpstreamError `UNAUTHENTICATED` for a caller without credentials.
 */
function createCallerOptions({ baseUrl, proxy }: TransportOptions): (caller: Caller) => CallerOptions {
  const cached = new LRUCache<string, CallerOptions>({
    maxSize: MAX_CALLER_OPTIONS_BYTES,
    sizeCalculation: ({ headers }) =>
      CALLER_OPTIONS_BYTES + OPTIONS_BYTES_PER_CHARACTER * (headers["x-bkapi-authorization"]?.length ?? 0),
  });
  const proxies = [proxy?.http ?? "", proxy?.https ?? ""].filter((url) => url !== "");
  const redactFor = createRedaction([baseUrl, ...proxies.map((url) => new URL(url))]);
  return (caller) => {
    let options = cached.get(caller.identity);
    if (!options) {
      options = { headers: upstreamHeaders(caller), redact: redactFor(caller) };
      cached.set(caller.identity, options);
    }
    return options;
  };
}

/** Both dialects' flags at once: a server ignores the one that it does not know. */
const HOST_FLAGS = "&return_ip_result=true&return_execute_object_result=true";

const endpoint = ({ scope, jobInstanceId }: JobRef, requiredData: RequiredData): string =>
  `/api/v4/get_job_instance_status?bk_scope_type=${scope.typeRaw}` +
  // Whatever text it is: what UTF-8 cannot express becomes its sign for that.
  `&bk_scope_id=${encodeURIComponent(scope.id.toWellFormed())}` +
  `&job_instance_id=${jobInstanceId}${requiredData === "hosts" ? HOST_FLAGS : ""}`;

/** @throws UpstreamError, and ContractViolation for what is no answer of this endpoint. */
function readOutcome(
  response: TransportResponse,
  body: unknown,
  reading: ResponseInfo,
  redact: Redact,
): JobOutcome {
  const { status } = response;
  if (status >= 300 && status < 400)
    throw new ContractViolation("the answer", "JSON", `redirect, HTTP ${status}`);
  if (status >= 400 || isErrorBody(body)) return decodeErrorResponse(response, body, redact);
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
