/** The error of the client, and which errors a new attempt can help. */
import { toDelayMs } from "./pause.ts";

/** An error of a GraphQL response, as the gateway sends it. */
export interface GatewayError {
  readonly message: string;
  /** Where in the document. */
  readonly locations?: readonly { readonly line: number; readonly column: number }[];
  readonly path?: readonly (string | number)[];
  readonly extensions?: {
    /** One of the codes in docs/errors.md. */
    readonly code?: string;
    readonly retryAfterMs?: number;
    readonly upstream?: unknown;
  };
}

/** Codes of failures that can be over at the next attempt. */
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  "CONNECTION_LOST",
  "GATEWAY_UNAVAILABLE",
  "OVERLOADED",
  "RATE_LIMITED",
  "SHUTTING_DOWN",
  "TOO_MANY_OPERATIONS",
  "UPSTREAM_TIMEOUT",
  "UPSTREAM_UNAVAILABLE",
]);

/** The properties of a `JobClientError`. */
export interface JobClientErrorOptions {
  readonly code: string;
  readonly status?: number | null;
  readonly retryAfterMs?: number | null;
  readonly requestId?: string | null;
  readonly errors?: readonly GatewayError[];
  readonly cause?: unknown;
}

/**
 * The job could not be read. A job that does not exist and a missing permission are results instead:
 * `JobInstanceNotFound` and `PermissionDenied`.
 */
export class JobClientError extends Error {
  override readonly name = "JobClientError";
  /**
   * A code of the gateway (docs/errors.md), or of a failure that the client itself detects:
   * `CONNECTION_LOST`: no response, or the response ended early;
   * `GATEWAY_UNAVAILABLE`: HTTP 429 or 5xx without an error of the gateway, from a proxy in between, for example;
   * `INVALID_HEADERS`: the headers of the application cannot be sent;
   * `UNEXPECTED_RESPONSE`: another server, a login page, a redirect, a response of more than 64 Mi characters.
   */
  readonly code: string;
  /** HTTP status of the response. Null if there was none. */
  readonly status: number | null;
  /** How long to wait before the next attempt, in milliseconds. Null if the gateway does not say. */
  readonly retryAfterMs: number | null;
  /** `X-Request-Id` of the response, for support requests. */
  readonly requestId: string | null;
  /** All errors of the response. */
  readonly errors: readonly GatewayError[];

  constructor(message: string, options: JobClientErrorOptions) {
    const { code, status = null, retryAfterMs = null, requestId = null, errors = [], cause } = options;
    super(message, { cause });
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
    this.requestId = requestId;
    this.errors = errors;
  }

  /** Whether the same request can succeed later. False for rejected credentials and invalid requests, for example. */
  get isTransient(): boolean {
    return TRANSIENT_CODES.has(this.code);
  }
}

/** What a response says apart from its body. */
export interface ResponseDetails {
  readonly status: number;
  readonly requestId: string | null;
  readonly retryAfterMs: number | null;
}

/** The error that the errors of a GraphQL response mean. The first one determines code and message. */
export function errorOfResult(errors: readonly GatewayError[], details: ResponseDetails): JobClientError {
  const [first] = errors;
  // Another server may send anything.
  const { code, retryAfterMs } = first?.extensions ?? {};
  const message = first?.message ?? "Expected a state of the job, got neither a state nor an error.";
  return new JobClientError(message, {
    ...details,
    code: typeof code === "string" ? code : "UNEXPECTED_RESPONSE",
    retryAfterMs: toDelayMs(retryAfterMs) ?? details.retryAfterMs,
    errors,
  });
}
