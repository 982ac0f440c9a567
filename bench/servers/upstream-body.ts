/** The parts of the upstream's response that the resolvers read, in both dialects. */

interface Run {
  readonly name: string;
  readonly status: number;
  readonly create_time: number;
  readonly start_time?: number;
  readonly end_time?: number;
  readonly total_time?: number;
}

interface Host {
  readonly bk_host_id?: number;
  readonly ip?: string;
  readonly ipv6?: string;
  readonly bk_cloud_id?: number;
  readonly bk_cloud_name?: string;
  readonly bk_agent_id?: string;
  readonly alive?: 0 | 1;
}

export interface HostRow extends Host {
  readonly execute_object?: { readonly host?: Host; readonly container?: { readonly id: number } };
  readonly status: number;
  readonly tag?: string;
  readonly exit_code?: number;
  readonly error_code?: number;
  readonly start_time?: number;
  readonly end_time?: number;
  readonly total_time?: number;
}

export interface StepInstance extends Run {
  readonly step_instance_id: number;
  readonly type: number;
  readonly execute_count: number;
  readonly step_ip_result_list?: readonly HostRow[];
  readonly step_execute_object_result_list?: readonly HostRow[];
}

export interface Body {
  readonly data: {
    readonly finished: boolean;
    readonly job_instance: Run & {
      readonly job_instance_id: number;
      readonly bk_scope_type: string;
      readonly bk_scope_id: string;
    };
    readonly step_instance_list: readonly StepInstance[];
  };
  readonly job_request_id?: string;
}
