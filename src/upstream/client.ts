/** The client of the endpoint `get_job_instance_status`: takes a job reference and a caller, returns an outcome. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import type { JobInstance, JobOutcome, JobRef, RequiredData } from "../model/job-instance.ts";
import { type AttemptedCall, createAttempts } from "./attempts.ts";
import { type CallRecord, createCallRecords, type FailedCalls, type ObserveCall } from "./call-records.ts";
import { type Caller, upstreamHeaders } from "./caller.ts";
import {
  type CircuitBreakerOptions,
  type CircuitStatus,
  createCircuitBreaker,
  type ObserveCircuit,
} from "./circuit-breaker.ts";
import type { CallCounts } from "./concurrency-limit.ts";
import { decodeJobInstance, type ResponseInfo } from "./decode-job-instance.ts";
import { ContractViolation } from "./decoders.ts";
import { readErrorDetails } from "./error-details.ts";
import { decodeErrorResponse, isErrorBody } from "./error-response.ts";
import { createBodyReader, decodeUtf8 } from "./json-body.ts";
import { createRedaction, type Redact } from "./redaction.ts";
import { createRetries, type ObserveRetry, type RetryOptions } from "./retries.ts";
import {
  createTransport,
  type TransportOptions,
  type TransportRequest,
  type TransportResponse,
} from "./transport.ts";
import { type ResponseHead, TransportError } from "./transport-error.ts";
import { type ErrorDetails, NO_ERROR_DETAILS, UpstreamError } from "./upstream-error.ts";

export interface Lookup extends AttemptedCall {
  readonly ref: JobRef;
  /** Called with the response if it has a job. */
  readonly onJob?: (response: JobResponse) => void;
}

/** A response with a job, from which it can be decoded again. */
export interface JobResponse extends ResponseInfo {
  readonly body: Buffer;
}

export interface UpstreamOptions extends TransportOptions {
  /** Null: calls are not retried. */
  readonly retries: RetryOptions | null;
  /** Null: calls are made however many have failed. */
  readonly circuitBreaker: CircuitBreakerOptions | null;
}

/** Observers of the client. Null: none. */
export interface UpstreamObservers {
  /** Each attempt of a call. Callers without credentials cause no call. */
  readonly onCall: ObserveCall | null;
  readonly onRetry: ObserveRetry | null;
  readonly onCircuitChange: ObserveCircuit | null;
}

export interface UpstreamClient {
  /**
   * Makes an upstream call as soon as the caller gets a connection, and retries it after transient failures if `terms`
   * permit that. All attempts together take at most `timeoutMs`. If the upstream closed an idle connection just when it
   * was reused, the request is sent once more, which is not a retry. While the circuit breaker is open, no call is made.
   * @throws UpstreamError; the reason of `signal` if it aborts.
   */
  readonly getJobInstance: (lookup: Lookup) => Promise<JobOutcome>;
  /** The job of a response of `onJob`. @throws ContractViolation if the response is another one. */
  readonly decodeJob: (response: JobResponse) => JobInstance;
  /** Waits for calls in flight, then closes the connections. */
  readonly close: () => Promise<void>;
  /** Aborts calls in flight, which fail with `UPSTREAM_UNAVAILABLE`. */
  readonly destroy: () => Promise<void>;
  /** Calls that are running or waiting for a connection. */
  readonly counts: () => CallCounts;
  /** Calls that have failed since the last one that the upstream answered; null if there are none. */
  readonly failures: () => FailedCalls | null;
  /** Null without a circuit breaker. */
  readonly circuit: () => CircuitStatus | null;
}

/**
 * From this size, receiving, parsing and responding are separate turns of the event loop, so small requests are not
 * delayed.
 */
const LARGE_UPSTREAM_BODY_BYTES = 256 * 1024;

const NO_OBSERVERS: UpstreamObservers = { onCall: null, onRetry: null, onCircuitChange: null };

export function createUpstreamClient(
  options: UpstreamOptions,
  { onCall, onRetry, onCircuitChange }: UpstreamObservers = NO_OBSERVERS,
): UpstreamClient {
  const transport = createTransport(options);
  const callerOptionsOf = createCallerOptions(options);
  const readBody = createBodyReader();
  const { record, failures } = createCallRecords(onCall);
  const retries = options.retries && createRetries(options.retries, onRetry);
  const breaker = options.circuitBreaker && createCircuitBreaker(options.circuitBreaker, onCircuitChange);
  const makeAttempts = createAttempts({ timeoutMs: options.timeoutMs, record, retries, breaker });

  const getJobInstance: UpstreamClient["getJobInstance"] = async (lookup) => {
    const callerOptions = callerOptionsOf(lookup.caller);
    return makeAttempts(lookup, (call, timeoutMs) => callUpstream(lookup, callerOptions, timeoutMs, call));
  };

  const callUpstream = async (
    lookup: Lookup,
    { headers, redact }: CallerOptions,
    timeoutMs: number,
    call: CallRecord,
  ): Promise<JobOutcome> => {
    const { ref, requiredData, caller, operationLog, signal } = lookup;
    const detailsOf = (head: ResponseHead, parsed?: unknown): ErrorDetails => {
      const details = readErrorDetails(head, parsed, null, redact);
      call.httpStatus = details.httpStatus;
      call.upstreamRequestId = details.jobRequestId;
      const ids = [details.jobRequestId, details.gatewayRequestId];
      operationLog.upstreamRequestIds.push(...ids.filter((id) => id !== null));
      return details;
    };

    const request: TransportRequest = {
      path: endpoint(ref, requiredData),
      headers: call.trace === null ? headers : { ...headers, ...call.trace.headers },
      identity: caller.identity,
      signal,
      timeoutMs,
      onConnection: () => {
        operationLog.upstreamCalls += 1;
        call.connectedAt = performance.now();
      },
    };
    const response = await transport.get(request).catch((error: unknown) => {
      if (!(error instanceof TransportError)) throw error;
      const { code, message, head, retryAfterMs, origin, reason } = error;
      const details = head === null ? NO_ERROR_DETAILS : detailsOf(head);
      throw new UpstreamError(code, redact(message), details, retryAfterMs, origin, reason);
    });

    const observedAt = Date.now();
    call.bodyBytes = response.body.length;
    const isLarge = response.body.length > LARGE_UPSTREAM_BODY_BYTES;
    if (isLarge) await nextTurn();
    const body = readBody(response.body, requiredData);
    const details = detailsOf(response, body);
    try {
      const reading = { requiredData, observedAt, upstreamRequestId: details.jobRequestId };
      const outcome = readOutcome(response, body, reading, redact);
      if (outcome.kind === "job") lookup.onJob?.({ ...reading, body: response.body });
      if (isLarge) await nextTurn();
      return outcome;
    } catch (error) {
      if (!(error instanceof ContractViolation)) throw error;
      throw new UpstreamError("UPSTREAM_CONTRACT", redact(error.message), details);
    }
  };

  const decodeJob: UpstreamClient["decodeJob"] = ({ body, ...info }) =>
    decodeJobInstance(readBody(body, info.requiredData), info);

  const { close, destroy, counts } = transport;
  return {
    getJobInstance,
    decodeJob,
    close,
    destroy,
    counts,
    failures,
    circuit: () => breaker?.status() ?? null,
  };
}

/** The parts of a call that are the same for all calls of a caller. */
interface CallerOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly redact: Redact;
}

/** Memory limit of the cache: about a thousand callers. Creating the options costs as much as a small call. */
const MAX_CALLER_OPTIONS_BYTES = 32 * 2 ** 20;

/** Approximate memory of the options of a caller, measured. Most of it is the compiled pattern of the secrets. */
const CALLER_OPTIONS_BYTES = 24 * 2 ** 10;
/** Additional memory per character of the credentials, which the pattern contains in several encodings. */
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

/** The parameters of both dialects. A server ignores the one that it does not know. */
const HOST_FLAGS = "&return_ip_result=true&return_execute_object_result=true";

const endpoint = ({ scope, jobInstanceId }: JobRef, requiredData: RequiredData): string =>
  `/api/v4/get_job_instance_status?bk_scope_type=${scope.typeRaw}` +
  // encodeURIComponent throws for lone surrogates, so they are replaced by U+FFFD first.
  `&bk_scope_id=${encodeURIComponent(scope.id.toWellFormed())}` +
  `&job_instance_id=${jobInstanceId}${requiredData === "hosts" ? HOST_FLAGS : ""}`;

/** @throws UpstreamError; ContractViolation if the response violates the contract of the endpoint. */
function readOutcome(
  response: TransportResponse,
  body: unknown,
  reading: ResponseInfo,
  redact: Redact,
): JobOutcome {
  const { status } = response;
  if (status >= 300 && status < 400)
    throw new ContractViolation("the response", "JSON", `redirect, HTTP ${status}`);
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
