/** One upstream call: what all servers but the gateway and the documented Apollo Server do it with. */
import { Pool } from "undici";

/** Text of the path and query; both flags when hosts are wanted, as the gateway sends them. */
export const endpointPath = (jobInstanceId: string, hosts: boolean): string =>
  `/api/v4/get_job_instance_status?bk_scope_type=biz&bk_scope_id=1&job_instance_id=${jobInstanceId}${
    hosts ? "&return_ip_result=true&return_execute_object_result=true" : ""
  }`;

/** @returns the parsed body. @throws Error for any status but 200. */
export type ReadJob = (jobInstanceId: string, hosts: boolean, authorization: string) => Promise<unknown>;

export function createUpstream(baseUrl: URL): ReadJob {
  const pool = new Pool(baseUrl.origin, { connections: 32 });
  return async (jobInstanceId, hosts, authorization) => {
    const { statusCode, body } = await pool.request({
      method: "GET",
      path: baseUrl.pathname + endpointPath(jobInstanceId, hosts),
      headers: { accept: "application/json", "x-bkapi-authorization": authorization },
    });
    if (statusCode !== 200) throw new Error(`Expected HTTP 200 of the upstream, got ${statusCode}.`);
    return body.json();
  };
}
