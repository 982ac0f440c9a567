/** The envelopes that arrive on the one URL: bk-job V4, BlueKing API Gateway, bk-job V3. */
import type { OutgoingHttpHeaders } from "node:http";
import type { JsonAnswer } from "./answer.ts";
import type { Language, Text } from "./call.ts";

/** What every bk-job envelope needs to know of its request. */
export interface JobContext {
  readonly jobRequestId: string;
  readonly language: Language;
}

/** The detail that tells bk-job's own errors apart: `ErrorCode` in bk-job, as a string. */
export interface ErrorDetail {
  readonly code: string;
  readonly message: Text;
}

export interface V4Error {
  readonly status: number;
  readonly code: string;
  readonly message: Text;
  /** What to apply for in IAM. */
  readonly data?: unknown;
  readonly details?: readonly ErrorDetail[];
}

const jobHeaders = ({ jobRequestId }: JobContext): OutgoingHttpHeaders => ({
  "x-bk-job-request-id": jobRequestId,
});

/** bk-job V4 success: `data` and the request id. */
export const v4Success = (context: JobContext, data: unknown): JsonAnswer => ({
  kind: "json",
  status: 200,
  headers: jobHeaders(context),
  body: { data, job_request_id: context.jobRequestId },
});

/** bk-job V4 failure: `error` and the request id. */
export const v4Error = (context: JobContext, error: V4Error): JsonAnswer => ({
  kind: "json",
  status: error.status,
  headers: jobHeaders(context),
  body: {
    error: {
      code: error.code,
      message: error.message[context.language],
      data: error.data,
      details: error.details?.map(({ code, message }) => ({ code, message: message[context.language] })),
    },
    job_request_id: context.jobRequestId,
  },
});

/** The V3 envelope of bk-job 3.10 and older, and of bk-job's own gateway. */
export const v3Error = (context: JobContext, status: number, code: number, message: Text): JsonAnswer => ({
  kind: "json",
  status,
  headers: jobHeaders(context),
  body: {
    result: false,
    code,
    message: message[context.language],
    data: null,
    job_request_id: context.jobRequestId,
    permission: null,
  },
});

export interface ApiGatewayError {
  readonly status: number;
  readonly code: number;
  readonly codeName: string;
  /** Always English. */
  readonly message: string;
  /** Added to those that mark the envelope. */
  readonly headers?: OutgoingHttpHeaders;
}

/** A failure that the API Gateway itself made, with the headers that only such ones have. */
export const apiGatewayError = ({
  status,
  code,
  codeName,
  message,
  headers,
}: ApiGatewayError): JsonAnswer => ({
  kind: "json",
  status,
  headers: { "x-bkapi-error-code": String(code), "x-bkapi-error-message": message, ...headers },
  body: { code, code_name: codeName, message, result: false, data: null },
});
