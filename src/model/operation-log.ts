/** What one operation did, collected for its log line and for metrics. */
import type { OperationTrace } from "./operation-trace.ts";

export interface OperationLog {
  operationName: string | null;
  /** Text of the document. Null for subscriptions, which are open for hours and must not retain it. */
  document: string | null;
  /** `query` or `subscription`. Null if the request contains no valid operation. */
  operationType: string | null;
  /** Attempts of upstream calls that got a connection. */
  upstreamCalls: number;
  /** How many of the attempts were retries. */
  upstreamRetries: number;
  /** `job_request_id` and `X-Bkapi-Request-Id` of every upstream response. */
  readonly upstreamRequestIds: string[];
  /** Codes of the errors in the response. */
  readonly errorCodes: string[];
  /**
   * What the code of the first error does not say: the name of the limit, the code of a failed connection, the status of the
   * upstream. Null if there is no more to say.
   */
  reason: string | null;
  /** Whether the response has an earlier state of a job, because the upstream failed. */
  isStale: boolean;
  /** Errors of the gateway itself. They are masked in the response and logged in full. */
  readonly internalErrors: unknown[];
  /** Null if the operation is not traced. */
  readonly trace: OperationTrace | null;
}

export const createOperationLog = (trace: OperationTrace | null = null): OperationLog => ({
  operationName: null,
  document: null,
  operationType: null,
  upstreamCalls: 0,
  upstreamRetries: 0,
  upstreamRequestIds: [],
  errorCodes: [],
  reason: null,
  isStale: false,
  internalErrors: [],
  trace,
});
