/** What one operation did, gathered for its log line. */
export interface Trace {
  operationName: string | null;
  upstreamCalls: number;
  /** `job_request_id` and `X-Bkapi-Request-Id` of every answer. */
  readonly upstreamRequestIds: string[];
  /** Codes of the errors in the response. */
  readonly errorCodes: string[];
}

export const createTrace = (): Trace => ({
  operationName: null,
  upstreamCalls: 0,
  upstreamRequestIds: [],
  errorCodes: [],
});
