/** The upstream client of all servers except the gateway and Apollo Server. */
import { Pool } from "undici";
import type { Body } from "./upstream-body.ts";

/** Path and query string; with both flags for hosts, as the gateway sends them. */
export const endpointPath = (jobInstanceId: string, hosts: boolean): string =>
  `/api/v4/get_job_instance_status?bk_scope_type=biz&bk_scope_id=1&job_instance_id=${jobInstanceId}${
    hosts ? "&return_ip_result=true&return_execute_object_result=true" : ""
  }`;

/** Reads a job for a caller. */
export interface Jobs {
  /** @returns the parsed body. @throws Error for any status but 200. */
  readonly read: (jobInstanceId: string, hosts: boolean) => Promise<Body>;
}

/** @returns a factory for the `Jobs` of one request, from the value of its `X-Bkapi-Authorization`. */
export function createUpstream(baseUrl: URL): (authorization: unknown) => Jobs {
  const pool = new Pool(baseUrl.origin, { connections: 32 });
  return (authorization) => ({
    read: async (jobInstanceId, hosts) => {
      const { statusCode, body } = await pool.request({
        method: "GET",
        path: baseUrl.pathname + endpointPath(jobInstanceId, hosts),
        headers: { accept: "application/json", "x-bkapi-authorization": String(authorization) },
      });
      if (statusCode !== 200) throw new Error(`Expected HTTP 200 of the upstream, got ${statusCode}.`);
      // The simulator's responses have this type.
      return (await body.json()) as Body;
    },
  });
}
