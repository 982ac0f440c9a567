/**
 * The table of faults, all in scope `biz:1`. Ids: 200000900xx bk-job's V4 codes, 901xx the API Gateway,
 * 902xx bk-job's own gateway, 903xx content, 904xx shape, 905xx transport.
 */
import { API_GATEWAY_FAULTS } from "./api-gateway-faults.ts";
import type { JobEntry } from "./call.ts";
import { JOB_FAULTS } from "./job-faults.ts";
import { PAYLOAD_FAULTS } from "./payload-faults.ts";
import { TRANSPORT_FAULTS } from "./transport-faults.ts";

/** Every fault, by rising id. */
export const FAULTS: readonly JobEntry[] = [
  ...JOB_FAULTS,
  ...API_GATEWAY_FAULTS,
  ...PAYLOAD_FAULTS,
  ...TRANSPORT_FAULTS,
].toSorted((a, b) => Number(a.id) - Number(b.id));
