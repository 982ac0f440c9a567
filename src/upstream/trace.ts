/** What one operation did, gathered for its log lines. */
export interface Trace {
  operationName: string | null;
  upstreamCalls: number;
  /** `job_request_id` and `X-Bkapi-Request-Id` of every answer. */
  readonly upstreamRequestIds: string[];
  /** Codes of the errors in the response. */
  readonly errorCodes: string[];
  /** Faults of our own. The caller's answer does not tell them. */
  readonly faults: unknown[];
}

export const createTrace = (): Trace => ({
  operationName: null,
  upstreamCalls: 0,
  upstreamRequestIds: [],
  errorCodes: [],
  faults: [],
});
