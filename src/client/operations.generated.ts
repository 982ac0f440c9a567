// Generated from *.graphql by `npm run codegen`. Do not edit.
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/**
 * Conditions for host results. A result must match all conditions, and one of the values of each condition.
 * A condition that is omitted or null matches every result; an empty list matches none.
 */
export type HostResultFilter = {
  /** ID of the BK-Net area (`bk_cloud_id`). */
  readonly cloudIds?: ReadonlyArray<string> | null | undefined;
  /** Exit code of the script. Results without an exit code never match. */
  readonly exitCodes?: ReadonlyArray<number> | null | undefined;
  /** Host ID (`bk_host_id`). Containers and results of old jobs have none and never match. */
  readonly hostIds?: ReadonlyArray<string> | null | undefined;
  /** Substring of the IPv4 or IPv6 address, case-insensitive. An empty string matches every result. */
  readonly ipContains?: string | null | undefined;
  /** Coarse state of the result. */
  readonly phases?: ReadonlyArray<RunPhase> | null | undefined;
  /** Status code of the result, for codes that are not in `HostStatus`. */
  readonly statusCodes?: ReadonlyArray<number> | null | undefined;
  /** Status of the result. */
  readonly statuses?: ReadonlyArray<HostStatus> | null | undefined;
  /** Tag of the result. Null in the list matches results without a tag. */
  readonly tags?: ReadonlyArray<string | null | undefined> | null | undefined;
};

/** Order of host results. Results with equal values are in the stable order. */
export type HostResultOrder = {
  /** Direction of the order. The default is ascending. */
  readonly direction?: OrderDirection;
  /** Property to order by. */
  readonly field: HostResultOrderField;
};

/** Property that host results can be ordered by. Results without the property are last in both directions. */
export type HostResultOrderField =
  /** By `durationMs`, shortest first if ascending. */
  | 'DURATION'
  /** By `exitCode`, numerically. */
  | 'EXIT_CODE'
  /** By IP address, numerically: results with an `ip` first, then those that have only an `ipv6`. */
  | 'IP'
  /** By `startedAt`, earliest first if ascending. */
  | 'STARTED_AT'
  /** By `statusCode`, numerically. */
  | 'STATUS_CODE';

/** Status of a host result (`status`). */
export type HostStatus =
  /** 1 Agent异常: agent abnormal. */
  | 'AGENT_ABNORMAL'
  /** 18 Agent未安装: agent not installed. */
  | 'AGENT_NOT_INSTALLED'
  /** 3 上次已成功: succeeded in an earlier attempt. */
  | 'ALREADY_SUCCEEDED'
  /** 12 任务下发失败: task could not be dispatched. */
  | 'DISPATCH_FAILED'
  /** 11 执行失败: failed. */
  | 'FAILED'
  /** 320 文件获取失败: file could not be fetched. */
  | 'FILE_FETCH_FAILED'
  /** 321 文件超出限制: file over the limit. */
  | 'FILE_LIMIT_EXCEEDED'
  /** 301 文件任务系统错误-未分类: unclassified file system error. */
  | 'FILE_SYSTEM_ERROR'
  /** 303 文件任务超时: file task timed out. */
  | 'FILE_TASK_TIMEOUT'
  /** 329 文件传输错误: file transfer error. */
  | 'FILE_TRANSFER_ERROR'
  /** 202 文件传输失败: file transfer failed. */
  | 'FILE_TRANSFER_FAILED'
  /** 404 GSE任务强制终止失败: force stop failed. */
  | 'FORCE_STOP_FAILED'
  /** 403 GSE任务强制终止成功: force-stopped. */
  | 'FORCE_STOP_SUCCEEDED'
  /** 310 Agent异常: agent abnormal, reported by GSE. */
  | 'GSE_AGENT_ABNORMAL'
  /** 17 GSE文件日志超时: GSE file log timed out. */
  | 'GSE_FILE_LOG_TIMEOUT'
  /** 16 GSE脚本日志超时: GSE script log timed out. */
  | 'GSE_SCRIPT_LOG_TIMEOUT'
  /** 2 无效执行对象: invalid target. */
  | 'INVALID_TARGET'
  /** 15 任务日志错误: task log error. */
  | 'LOG_ERROR'
  /** 5 等待执行: waiting to run. */
  | 'PENDING'
  /** 7 正在执行: running. */
  | 'RUNNING'
  /** 101 脚本执行失败: script failed. */
  | 'SCRIPT_FAILED'
  /** 104 脚本返回码非零: script exited non-zero. */
  | 'SCRIPT_NON_ZERO_EXIT'
  /** 103 脚本执行被终止: script terminated. */
  | 'SCRIPT_TERMINATED'
  /** 102 脚本执行超时: script timed out. */
  | 'SCRIPT_TIMEOUT'
  /** 203 源文件不存在: source file missing. */
  | 'SOURCE_FILE_NOT_FOUND'
  /** 9 执行成功: succeeded. */
  | 'SUCCEEDED'
  /** 399 任务执行出错: task error. */
  | 'TASK_ERROR'
  /** 13 任务超时: task timed out. */
  | 'TASK_TIMEOUT'
  /** 0 未知错误: unknown error. */
  | 'UNKNOWN_ERROR'
  /** 500 未知状态: unknown state. */
  | 'UNKNOWN_STATE'
  /** A code that this schema does not know. */
  | 'UNRECOGNIZED'
  /** 311 用户名不存在: no such user. */
  | 'USER_NOT_FOUND'
  /** 312 用户密码错误: wrong password. */
  | 'USER_PASSWORD_WRONG';

/** Reference to a job instance. */
export type JobInstanceRef = {
  /** ID of the job instance (`job_instance_id`): a positive 64-bit integer in decimal. */
  readonly jobInstanceId: string;
  /** ID of the business or business set in CMDB (`bk_scope_id`). */
  readonly scopeId: string;
  /** Type of the resource scope (`bk_scope_type`). */
  readonly scopeType?: ScopeType;
};

/** Direction of an order. */
export type OrderDirection =
  /** Ascending: lowest, earliest or shortest first. */
  | 'ASC'
  /** Descending: highest, latest or longest first. */
  | 'DESC';

/** Coarse state of a job, a step or a host result. */
export type RunPhase =
  /** Failed: job and step statuses 4, 8, 9 and 14; all other documented host statuses except 403. */
  | 'FAILED'
  /** Not started: job and step statuses 1 and 15; host status 5. */
  | 'PENDING'
  /** Running or stopping: job and step statuses 2 and 10; host status 7. */
  | 'RUNNING'
  /** Stopped by a user: job and step statuses 11 and 13; host status 403. */
  | 'STOPPED'
  /** Succeeded, skipped, or error ignored: job and step statuses 3, 5 and 6; host statuses 3 and 9. */
  | 'SUCCEEDED'
  /** A code that this schema does not know. */
  | 'UNKNOWN'
  /** Waiting for a user: job and step status 7. */
  | 'WAITING_USER';

/** Status of a job or a step (`status`). */
export type RunStatus =
  /** 14 被丢弃: discarded. */
  | 'ABANDONED'
  /** 9 状态异常: abnormal state. */
  | 'ABNORMAL'
  /** 13 确认终止: terminated at a confirmation step. */
  | 'CONFIRM_TERMINATED'
  /** 6 忽略错误: failed, and the error was ignored. */
  | 'ERROR_IGNORED'
  /** 4 执行失败: failed. */
  | 'FAILED'
  /** 8 手动结束: ended manually. */
  | 'MANUALLY_ENDED'
  /** 1 等待执行: waiting to run. */
  | 'PENDING'
  /** 15 滚动等待: waiting for the next rolling batch. */
  | 'ROLLING_WAITING'
  /** 2 正在执行: running. */
  | 'RUNNING'
  /** 5 跳过: skipped. */
  | 'SKIPPED'
  /** 11 强制终止成功: force-stopped. */
  | 'STOPPED'
  /** 10 强制终止中: force stop in progress. */
  | 'STOPPING'
  /** 3 执行成功: succeeded. */
  | 'SUCCEEDED'
  /** A code that this schema does not know. */
  | 'UNRECOGNIZED'
  /** 7 等待用户: waiting for a user. */
  | 'WAITING_USER';

/** Type of a resource scope (`bk_scope_type`). */
export type ScopeType =
  /** A business in CMDB (`biz`). */
  | 'BIZ'
  /** A business set in CMDB (`biz_set`). */
  | 'BIZ_SET'
  /** A type that this schema does not know. Not allowed in arguments. */
  | 'UNRECOGNIZED';

/** Type of a step (`type`). */
export type StepType =
  /** 2 文件步骤: distribute files. */
  | 'FILE'
  /** 3 人工确认步骤: wait for a user to confirm. */
  | 'MANUAL_CONFIRM'
  /** 1 脚本步骤: run a script. */
  | 'SCRIPT'
  /** 4 SQL步骤: run SQL. */
  | 'SQL'
  /** A code that this schema does not know. */
  | 'UNRECOGNIZED';

export type JobInstancesQueryVariables = Exact<{
  refs: ReadonlyArray<JobInstanceRef>;
}>;


export type JobInstancesQuery = { readonly jobInstances: ReadonlyArray<
    | { readonly __typename: 'JobInstance', readonly id: string, readonly jobInstanceId: string, readonly name: string, readonly status: RunStatus, readonly statusCode: number, readonly phase: RunPhase, readonly isFinished: boolean, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly elapsedMs: number | null, readonly observedAt: string, readonly upstreamRequestId: string | null, readonly scope: { readonly type: ScopeType, readonly id: string }, readonly steps: ReadonlyArray<{ readonly id: string, readonly stepInstanceId: string, readonly name: string, readonly type: StepType, readonly status: RunStatus, readonly statusCode: number, readonly phase: RunPhase, readonly isFinished: boolean, readonly retryCount: number, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly elapsedMs: number | null }> }
    | { readonly __typename: 'JobInstanceNotFound', readonly message: string, readonly upstreamRequestId: string | null }
    | { readonly __typename: 'PermissionDenied', readonly message: string, readonly upstreamRequestId: string | null, readonly application: { readonly systemId: string, readonly systemName: string | null, readonly actions: ReadonlyArray<{ readonly id: string, readonly name: string | null, readonly relatedResourceTypes: ReadonlyArray<{ readonly systemId: string, readonly systemName: string | null, readonly type: string, readonly typeName: string | null, readonly instances: ReadonlyArray<ReadonlyArray<{ readonly id: string, readonly type: string, readonly name: string | null, readonly typeName: string | null }>> }> }> } | null }
   | null> };

export type HostDetailsFragment = { readonly id: string, readonly hostId: string | null, readonly ip: string | null, readonly ipv6: string | null, readonly cloudId: string | null, readonly cloudName: string | null, readonly status: HostStatus, readonly statusCode: number, readonly phase: RunPhase, readonly tag: string | null, readonly exitCode: number | null, readonly errorCode: number | null, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly container: { readonly name: string } | null };

export type FailedHostsQueryVariables = Exact<{
  ref: JobInstanceRef;
  first?: number;
}>;


export type FailedHostsQuery = { readonly jobInstance:
    | { readonly __typename: 'JobInstance', readonly id: string, readonly jobInstanceId: string, readonly name: string, readonly status: RunStatus, readonly phase: RunPhase, readonly isFinished: boolean, readonly observedAt: string, readonly steps: ReadonlyArray<{ readonly id: string, readonly stepInstanceId: string, readonly name: string, readonly type: StepType, readonly status: RunStatus, readonly phase: RunPhase, readonly isFinished: boolean, readonly retryCount: number, readonly hostSummary: { readonly total: number, readonly pending: number, readonly running: number, readonly succeeded: number, readonly failed: number, readonly stopped: number, readonly unknown: number }, readonly hostGroups: ReadonlyArray<{ readonly status: HostStatus | null, readonly statusCode: number | null, readonly tag: string | null, readonly exitCode: number | null, readonly count: number }>, readonly hostResults: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly hostId: string | null, readonly ip: string | null, readonly ipv6: string | null, readonly cloudId: string | null, readonly cloudName: string | null, readonly status: HostStatus, readonly statusCode: number, readonly phase: RunPhase, readonly tag: string | null, readonly exitCode: number | null, readonly errorCode: number | null, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly container: { readonly name: string } | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } }> }
    | { readonly __typename: 'JobInstanceNotFound', readonly message: string, readonly upstreamRequestId: string | null }
    | { readonly __typename: 'PermissionDenied', readonly message: string, readonly upstreamRequestId: string | null, readonly application: { readonly systemId: string, readonly systemName: string | null, readonly actions: ReadonlyArray<{ readonly id: string, readonly name: string | null, readonly relatedResourceTypes: ReadonlyArray<{ readonly systemId: string, readonly systemName: string | null, readonly type: string, readonly typeName: string | null, readonly instances: ReadonlyArray<ReadonlyArray<{ readonly id: string, readonly type: string, readonly name: string | null, readonly typeName: string | null }>> }> }> } | null }
   | null };

export type HostResultsQueryVariables = Exact<{
  ref: JobInstanceRef;
  stepInstanceId: string;
  filter?: HostResultFilter | null | undefined;
  orderBy?: HostResultOrder | null | undefined;
  first?: number;
  after?: string | null | undefined;
}>;


export type HostResultsQuery = { readonly jobInstance:
    | { readonly __typename: 'JobInstance', readonly id: string, readonly jobInstanceId: string, readonly observedAt: string, readonly step: { readonly id: string, readonly stepInstanceId: string, readonly name: string, readonly status: RunStatus, readonly phase: RunPhase, readonly isFinished: boolean, readonly retryCount: number, readonly hostResults: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly hostId: string | null, readonly ip: string | null, readonly ipv6: string | null, readonly cloudId: string | null, readonly cloudName: string | null, readonly status: HostStatus, readonly statusCode: number, readonly phase: RunPhase, readonly tag: string | null, readonly exitCode: number | null, readonly errorCode: number | null, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly container: { readonly name: string } | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null }
    | { readonly __typename: 'JobInstanceNotFound', readonly message: string, readonly upstreamRequestId: string | null }
    | { readonly __typename: 'PermissionDenied', readonly message: string, readonly upstreamRequestId: string | null, readonly application: { readonly systemId: string, readonly systemName: string | null, readonly actions: ReadonlyArray<{ readonly id: string, readonly name: string | null, readonly relatedResourceTypes: ReadonlyArray<{ readonly systemId: string, readonly systemName: string | null, readonly type: string, readonly typeName: string | null, readonly instances: ReadonlyArray<ReadonlyArray<{ readonly id: string, readonly type: string, readonly name: string | null, readonly typeName: string | null }>> }> }> } | null }
   | null };

export type JobStateFragment = { readonly id: string, readonly jobInstanceId: string, readonly name: string, readonly status: RunStatus, readonly statusCode: number, readonly phase: RunPhase, readonly isFinished: boolean, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly elapsedMs: number | null, readonly observedAt: string, readonly upstreamRequestId: string | null, readonly scope: { readonly type: ScopeType, readonly id: string }, readonly steps: ReadonlyArray<{ readonly id: string, readonly stepInstanceId: string, readonly name: string, readonly type: StepType, readonly status: RunStatus, readonly statusCode: number, readonly phase: RunPhase, readonly isFinished: boolean, readonly retryCount: number, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly elapsedMs: number | null }> };

export type JobInstanceQueryVariables = Exact<{
  ref: JobInstanceRef;
}>;


export type JobInstanceQuery = { readonly jobInstance:
    | { readonly __typename: 'JobInstance', readonly id: string, readonly jobInstanceId: string, readonly name: string, readonly status: RunStatus, readonly statusCode: number, readonly phase: RunPhase, readonly isFinished: boolean, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly elapsedMs: number | null, readonly observedAt: string, readonly upstreamRequestId: string | null, readonly scope: { readonly type: ScopeType, readonly id: string }, readonly steps: ReadonlyArray<{ readonly id: string, readonly stepInstanceId: string, readonly name: string, readonly type: StepType, readonly status: RunStatus, readonly statusCode: number, readonly phase: RunPhase, readonly isFinished: boolean, readonly retryCount: number, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly elapsedMs: number | null }> }
    | { readonly __typename: 'JobInstanceNotFound', readonly message: string, readonly upstreamRequestId: string | null }
    | { readonly __typename: 'PermissionDenied', readonly message: string, readonly upstreamRequestId: string | null, readonly application: { readonly systemId: string, readonly systemName: string | null, readonly actions: ReadonlyArray<{ readonly id: string, readonly name: string | null, readonly relatedResourceTypes: ReadonlyArray<{ readonly systemId: string, readonly systemName: string | null, readonly type: string, readonly typeName: string | null, readonly instances: ReadonlyArray<ReadonlyArray<{ readonly id: string, readonly type: string, readonly name: string | null, readonly typeName: string | null }>> }> }> } | null }
   | null };

export type JobInstanceUpdatedSubscriptionVariables = Exact<{
  ref: JobInstanceRef;
}>;


export type JobInstanceUpdatedSubscription = { readonly jobInstanceUpdated:
    | { readonly __typename: 'JobInstance', readonly id: string, readonly jobInstanceId: string, readonly name: string, readonly status: RunStatus, readonly statusCode: number, readonly phase: RunPhase, readonly isFinished: boolean, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly elapsedMs: number | null, readonly observedAt: string, readonly upstreamRequestId: string | null, readonly scope: { readonly type: ScopeType, readonly id: string }, readonly steps: ReadonlyArray<{ readonly id: string, readonly stepInstanceId: string, readonly name: string, readonly type: StepType, readonly status: RunStatus, readonly statusCode: number, readonly phase: RunPhase, readonly isFinished: boolean, readonly retryCount: number, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly elapsedMs: number | null }> }
    | { readonly __typename: 'JobInstanceNotFound', readonly message: string, readonly upstreamRequestId: string | null }
    | { readonly __typename: 'PermissionDenied', readonly message: string, readonly upstreamRequestId: string | null, readonly application: { readonly systemId: string, readonly systemName: string | null, readonly actions: ReadonlyArray<{ readonly id: string, readonly name: string | null, readonly relatedResourceTypes: ReadonlyArray<{ readonly systemId: string, readonly systemName: string | null, readonly type: string, readonly typeName: string | null, readonly instances: ReadonlyArray<ReadonlyArray<{ readonly id: string, readonly type: string, readonly name: string | null, readonly typeName: string | null }>> }> }> } | null }
   | null };

type ProblemDetails_JobInstanceNotFound_Fragment = { readonly message: string, readonly upstreamRequestId: string | null };

type ProblemDetails_PermissionDenied_Fragment = { readonly message: string, readonly upstreamRequestId: string | null, readonly application: { readonly systemId: string, readonly systemName: string | null, readonly actions: ReadonlyArray<{ readonly id: string, readonly name: string | null, readonly relatedResourceTypes: ReadonlyArray<{ readonly systemId: string, readonly systemName: string | null, readonly type: string, readonly typeName: string | null, readonly instances: ReadonlyArray<ReadonlyArray<{ readonly id: string, readonly type: string, readonly name: string | null, readonly typeName: string | null }>> }> }> } | null };

export type ProblemDetailsFragment =
  | ProblemDetails_JobInstanceNotFound_Fragment
  | ProblemDetails_PermissionDenied_Fragment
;
