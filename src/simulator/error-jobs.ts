/**
 * The jobs whose responses fail, all in scope `biz:1`. Ids: 200000900xx for bk-job V4 errors, 901xx for the API
 * Gateway, 902xx for bk-job's own gateway, 903xx for invalid content, 904xx for contract violations, 905xx for
 * transport errors.
 */
import { API_GATEWAY_ERROR_JOBS } from "./api-gateway-error-jobs.ts";
import { BK_JOB_ERROR_JOBS } from "./bk-job-error-jobs.ts";
import type { JobEntry } from "./call.ts";
import { PAYLOAD_ERROR_JOBS } from "./payload-error-jobs.ts";
import { TRANSPORT_ERROR_JOBS } from "./transport-error-jobs.ts";

/** Every error job, by ascending id. */
export const ERROR_JOBS: readonly JobEntry[] = [
  ...BK_JOB_ERROR_JOBS,
  ...API_GATEWAY_ERROR_JOBS,
  ...PAYLOAD_ERROR_JOBS,
  ...TRANSPORT_ERROR_JOBS,
].toSorted((a, b) => Number(a.id) - Number(b.id));
