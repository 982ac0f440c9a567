/** The response envelopes of the endpoint: those of bk-job V4, the BlueKing API Gateway and bk-job V3. */
import type { OutgoingHttpHeaders } from "node:http";
import type { Language, LocalizedMessage } from "./call.ts";
import type { JsonResponse } from "./response.ts";

/** What a bk-job envelope takes from the request. */
export interface JobContext {
  readonly jobRequestId: string;
  readonly language: Language;
}

/** An entry of `error.details`. `code` is bk-job's `ErrorCode` as a string and identifies the error. */
export interface ErrorDetail {
  readonly code: string;
  readonly message: LocalizedMessage;
}

export interface V4Error {
  readonly status: number;
  readonly code: string;
  readonly message: LocalizedMessage;
  /** The permissions to apply for in IAM. */
  readonly data?: unknown;
  readonly details?: readonly ErrorDetail[];
}

const jobHeaders = ({ jobRequestId }: JobContext): OutgoingHttpHeaders => ({
  "x-bk-job-request-id": jobRequestId,
});

/** A successful response of bk-job V4: `data` and the request id. */
export const v4Success = (context: JobContext, data: unknown): JsonResponse => ({
  kind: "json",
  status: 200,
  headers: jobHeaders(context),
  body: { data, job_request_id: context.jobRequestId },
});

/** An error response of bk-job V4: `error` and the request id. */
export const v4Error = (context: JobContext, error: V4Error): JsonResponse => ({
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

/** An error response of bk-job V3, which bk-job 3.10 and older and bk-job's own gateway send. */
export const v3Error = (
  context: JobContext,
  status: number,
  code: number,
  message: LocalizedMessage,
): JsonResponse => ({
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
  /** Headers in addition to those of every API Gateway error. */
  readonly headers?: OutgoingHttpHeaders;
}

/** An error of the API Gateway itself, with the headers that only such errors have. */
export const apiGatewayError = ({
  status,
  code,
  codeName,
  message,
  headers,
}: ApiGatewayError): JsonResponse => ({
  kind: "json",
  status,
  headers: { "x-bkapi-error-code": String(code), "x-bkapi-error-message": message, ...headers },
  body: { code, code_name: codeName, message, result: false, data: null },
});
