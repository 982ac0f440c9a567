/** The same operations for the REST-shaped schema (`servers/rest-schema.ts`), by dialect, as the names differ. */
import type { Dialect } from "../src/simulator/simulator.ts";

const TIMES = "create_time start_time end_time total_time";

const query = (returnIpResult: boolean, stepSelection: string): string => `
  query ($jobInstanceId: ID!) {
    job_instance_status(
      bk_scope_type: "biz", bk_scope_id: "1", job_instance_id: $jobInstanceId, return_ip_result: ${returnIpResult}
    ) {
      finished
      job_instance { job_instance_id bk_scope_type bk_scope_id name status ${TIMES} }
      step_instance_list { step_instance_id name type status execute_count ${TIMES} ${stepSelection} }
    }
  }`;

const OUTCOME = "status tag exit_code start_time end_time total_time";

/** Name of the list, every field of its rows, and the fields that a page needs to count, group and list hosts. */
const ROWS = {
  contract: {
    list: "step_ip_result_list",
    all: `bk_host_id ip bk_cloud_id error_code ${OUTCOME}`,
    few: "bk_host_id ip status tag exit_code",
  },
  release: {
    list: "step_execute_object_result_list",
    all: `execute_object {
        type resource_id host { bk_host_id bk_cloud_id bk_cloud_name ip ipv6 bk_agent_id alive }
      }
      ${OUTCOME}`,
    few: "execute_object { host { bk_host_id ip } } status tag exit_code",
  },
} as const satisfies Record<Dialect, object>;

/** Status codes of failed hosts in bulk jobs. */
const FAILED = "[1, 11, 13, 104]";

export const REST_SMALL = (): string => query(false, "");

export const REST_ALL_HOSTS = (dialect: Dialect): string =>
  query(true, `${ROWS[dialect].list} { ${ROWS[dialect].all} }`);

/** The client counts, groups and filters. */
export const REST_OVERVIEW_WHOLE = (dialect: Dialect): string =>
  query(true, `${ROWS[dialect].list} { ${ROWS[dialect].few} }`);

/** The resolvers count, group and filter. */
export const REST_OVERVIEW_FILTERED = (dialect: Dialect): string =>
  query(
    true,
    `status_counts { status count }
    tag_groups { status tag count }
    ${ROWS[dialect].list}(statuses: ${FAILED}, first: 50) { ${ROWS[dialect].all} }`,
  );
