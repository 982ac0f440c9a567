// Generated from schema/*.graphql by `npm run codegen`. Do not edit.
export type Maybe<T> = T | null;
export type InputMaybe<T> = T | null | undefined;
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** Date and time in RFC 3339 format, in UTC with milliseconds, such as `2026-03-10T08:30:00.000Z`. */
  DateTime: { input: string; output: string; }
  /** Integer of up to 2^53-1, for milliseconds, which exceed `Int` after 24.8 days. */
  SafeInt: { input: number; output: number; }
};

/** A container that a step ran in. */
export type Container = {
  readonly __typename: 'Container';
  /** ID of the container in its runtime, such as Docker (`container_id`). */
  readonly containerId: Scalars['String']['output'];
  /** ID of the container in CMDB (`id`). */
  readonly id: Scalars['ID']['output'];
  /** Name of the container (`name`). */
  readonly name: Scalars['String']['output'];
  /** ID of the host that the container runs on (`node_host_id`). Null if the upstream does not send it. */
  readonly nodeHostId: Maybe<Scalars['ID']['output']>;
};

/** Property that host results can be grouped by. */
export type HostGroupKey =
  /** Results with the same `exitCode`. */
  | 'EXIT_CODE'
  /** Results with the same `statusCode`. */
  | 'STATUS'
  /** Results with the same `tag`. */
  | 'TAG';

/**
 * The result of one step on one host or container. A host can have several results in one step: if a file step
 * distributes its source files in rolling batches, every batch runs on every target.
 */
export type HostResult = {
  readonly __typename: 'HostResult';
  /** ID of the GSE agent on the host (`bk_agent_id`). Null if the upstream does not send it. */
  readonly agentId: Maybe<Scalars['ID']['output']>;
  /** ID of the BK-Net area of the address (`bk_cloud_id`). Null if the upstream does not send it. */
  readonly cloudId: Maybe<Scalars['ID']['output']>;
  /** Name of the BK-Net area (`bk_cloud_name`). Null if the upstream does not send it. */
  readonly cloudName: Maybe<Scalars['String']['output']>;
  /** The container that the step ran in. Null if the target is a host. */
  readonly container: Maybe<Container>;
  /** Duration in milliseconds (`total_time`). Null until the upstream reports it. */
  readonly durationMs: Maybe<Scalars['SafeInt']['output']>;
  /** Error code (`error_code`). Null if the upstream does not send it. */
  readonly errorCode: Maybe<Scalars['Int']['output']>;
  /** Exit code of the script (`exit_code`). Null for file steps and for scripts that have not exited. */
  readonly exitCode: Maybe<Scalars['Int']['output']>;
  /** When the step ended on this host or container (`end_time`). Null before it ends. */
  readonly finishedAt: Maybe<Scalars['DateTime']['output']>;
  /** Host ID in CMDB (`bk_host_id`). Null for containers and for old jobs, which have no host IDs. */
  readonly hostId: Maybe<Scalars['ID']['output']>;
  /** Globally unique ID for client caches. Each result has its own, even if a host has several. Do not parse it. */
  readonly id: Scalars['ID']['output'];
  /** IPv4 address (`ip`). Null for containers and for hosts without a known IPv4 address. */
  readonly ip: Maybe<Scalars['String']['output']>;
  /** IPv6 address (`ipv6`). Null if the upstream does not send it. */
  readonly ipv6: Maybe<Scalars['String']['output']>;
  /** Whether the GSE agent is alive (`alive`). Null if the upstream does not send it. */
  readonly isAgentAlive: Maybe<Scalars['Boolean']['output']>;
  /** Coarse state, derived from `statusCode`. */
  readonly phase: RunPhase;
  /** When the step started on this host or container (`start_time`). Null before it starts. */
  readonly startedAt: Maybe<Scalars['DateTime']['output']>;
  /** Status of the step on this host or container. */
  readonly status: HostStatus;
  /** The upstream's status code (`status`). */
  readonly statusCode: Scalars['Int']['output'];
  /** Text that the script passed to `job_success` or `job_fail` (`tag`). Null if there is none or it is empty. */
  readonly tag: Maybe<Scalars['String']['output']>;
};

/** One page of host results. */
export type HostResultConnection = {
  readonly __typename: 'HostResultConnection';
  /** The results of this page with their cursors. */
  readonly edges: ReadonlyArray<HostResultEdge>;
  /** The same results as `edges`, without cursors. */
  readonly nodes: ReadonlyArray<HostResult>;
  /** Information for requesting the next page. */
  readonly pageInfo: PageInfo;
  /** Number of results on all pages. */
  readonly totalCount: Scalars['Int']['output'];
};

/** A result and its cursor. */
export type HostResultEdge = {
  readonly __typename: 'HostResultEdge';
  /** Position of the result, for `after`. It is opaque and only valid for the same step, attempt and order. */
  readonly cursor: Scalars['String']['output'];
  /** The result at this position. */
  readonly node: HostResult;
};

/**
 * Conditions for host results. A result must match all conditions, and one of the values of each condition.
 * A condition that is omitted or null matches every result; an empty list matches none.
 */
export type HostResultFilter = {
  /** ID of the BK-Net area (`bk_cloud_id`). */
  readonly cloudIds?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /** Exit code of the script. Results without an exit code never match. */
  readonly exitCodes?: InputMaybe<ReadonlyArray<Scalars['Int']['input']>>;
  /** Host ID (`bk_host_id`). Containers and results of old jobs have none and never match. */
  readonly hostIds?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /** Substring of the IPv4 or IPv6 address, case-insensitive. An empty string matches every result. */
  readonly ipContains?: InputMaybe<Scalars['String']['input']>;
  /** Coarse state of the result. */
  readonly phases?: InputMaybe<ReadonlyArray<RunPhase>>;
  /** Status code of the result, for codes that are not in `HostStatus`. */
  readonly statusCodes?: InputMaybe<ReadonlyArray<Scalars['Int']['input']>>;
  /** Status of the result. */
  readonly statuses?: InputMaybe<ReadonlyArray<HostStatus>>;
  /** Tag of the result. Null in the list matches results without a tag. */
  readonly tags?: InputMaybe<ReadonlyArray<InputMaybe<Scalars['String']['input']>>>;
};

/** Host results that are equal in all properties of `by`. Properties that are not in `by` are null. */
export type HostResultGroup = {
  readonly __typename: 'HostResultGroup';
  /** Number of results in the group. */
  readonly count: Scalars['Int']['output'];
  /** Exit code of the results. Null if not grouped by EXIT_CODE, or if these results have no exit code. */
  readonly exitCode: Maybe<Scalars['Int']['output']>;
  /** The results of the group, in pages. */
  readonly hostResults: HostResultConnection;
  /** Status of the results. Null if not grouped by STATUS. */
  readonly status: Maybe<HostStatus>;
  /** Status code of the results. Null if not grouped by STATUS. */
  readonly statusCode: Maybe<Scalars['Int']['output']>;
  /** Tag of the results. Null if not grouped by TAG, or if these results have no tag. */
  readonly tag: Maybe<Scalars['String']['output']>;
};


/** Host results that are equal in all properties of `by`. Properties that are not in `by` are null. */
export type HostResultGroupHostResultsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: Scalars['Int']['input'];
  orderBy?: InputMaybe<HostResultOrder>;
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

/** The number of host results with one status code. */
export type HostStatusCount = {
  readonly __typename: 'HostStatusCount';
  /** Number of results with this status code. */
  readonly count: Scalars['Int']['output'];
  /** The status. `UNRECOGNIZED` for codes that this schema does not know. */
  readonly status: HostStatus;
  /** The upstream's status code (`status`). */
  readonly statusCode: Scalars['Int']['output'];
};

/** Counts of host results (not of distinct hosts). The counts of all phases add up to `total`. */
export type HostSummary = {
  readonly __typename: 'HostSummary';
  /** Counts by status, in ascending order of the status code. Statuses without results are omitted. */
  readonly byStatus: ReadonlyArray<HostStatusCount>;
  /** Number of results in phase FAILED. */
  readonly failed: Scalars['Int']['output'];
  /** Number of results in phase PENDING. */
  readonly pending: Scalars['Int']['output'];
  /** Number of results in phase RUNNING. */
  readonly running: Scalars['Int']['output'];
  /** Number of results in phase STOPPED. */
  readonly stopped: Scalars['Int']['output'];
  /** Number of results in phase SUCCEEDED. */
  readonly succeeded: Scalars['Int']['output'];
  /** Number of all results. */
  readonly total: Scalars['Int']['output'];
  /** Number of results in phase UNKNOWN. */
  readonly unknown: Scalars['Int']['output'];
};

/** An IAM action that the user has no permission for. */
export type IamAction = {
  readonly __typename: 'IamAction';
  /** ID of the action, such as `view_history`. */
  readonly id: Scalars['String']['output'];
  /** Display name of the action. */
  readonly name: Maybe<Scalars['String']['output']>;
  /** Types of resources that the permission applies to. Empty for actions without resources. */
  readonly relatedResourceTypes: ReadonlyArray<IamRelatedResourceType>;
};

/** The permissions that a user can apply for in BlueKing IAM (`error.data`). */
export type IamApplication = {
  readonly __typename: 'IamApplication';
  /** Actions that the user has no permission for. */
  readonly actions: ReadonlyArray<IamAction>;
  /** ID of the system to apply in, such as `bk_job` (`system_id`). */
  readonly systemId: Scalars['String']['output'];
  /** Display name of the system (`system_name`). */
  readonly systemName: Maybe<Scalars['String']['output']>;
};

/** A type of resources that an IAM action applies to. */
export type IamRelatedResourceType = {
  readonly __typename: 'IamRelatedResourceType';
  /** The resources. Each inner list is the path of one resource in the topology, from root to leaf. */
  readonly instances: ReadonlyArray<ReadonlyArray<IamResourceNode>>;
  /** ID of the system that the type belongs to, such as `bk_cmdb` (`system_id`). */
  readonly systemId: Scalars['String']['output'];
  /** Display name of the system (`system_name`). */
  readonly systemName: Maybe<Scalars['String']['output']>;
  /** ID of the resource type, such as `biz`. */
  readonly type: Scalars['String']['output'];
  /** Display name of the resource type (`type_name`). */
  readonly typeName: Maybe<Scalars['String']['output']>;
};

/** One node in the topology path of an IAM resource. */
export type IamResourceNode = {
  readonly __typename: 'IamResourceNode';
  /** ID of the resource. */
  readonly id: Scalars['String']['output'];
  /** Display name of the resource. */
  readonly name: Maybe<Scalars['String']['output']>;
  /** ID of the resource type. */
  readonly type: Scalars['String']['output'];
  /** Display name of the resource type (`type_name`). */
  readonly typeName: Maybe<Scalars['String']['output']>;
};

/** One execution of a job in BlueKing Job. */
export type JobInstance = {
  readonly __typename: 'JobInstance';
  /** When the job was created (`create_time`). */
  readonly createdAt: Scalars['DateTime']['output'];
  /** The step that is running, stopping or waiting for a user. Null if there is none. */
  readonly currentStep: Maybe<StepInstance>;
  /** Duration in milliseconds (`total_time`). Null until the upstream reports it. */
  readonly durationMs: Maybe<Scalars['SafeInt']['output']>;
  /** Milliseconds from `startedAt` to `finishedAt`, or to `observedAt` if the job has not finished. Null before it starts. */
  readonly elapsedMs: Maybe<Scalars['SafeInt']['output']>;
  /** When the job ended (`end_time`). Null before it ends. */
  readonly finishedAt: Maybe<Scalars['DateTime']['output']>;
  /** Counts of the host results of all steps. Selecting it makes the gateway request host results from the upstream. */
  readonly hostSummary: HostSummary;
  /** Globally unique ID for client caches. Do not parse it. */
  readonly id: Scalars['ID']['output'];
  /** Whether the job has finished (`finished`). A retry can make it run again. */
  readonly isFinished: Scalars['Boolean']['output'];
  /** ID of the job instance in BlueKing Job (`job_instance_id`). */
  readonly jobInstanceId: Scalars['ID']['output'];
  /** Name of the job instance (`name`). */
  readonly name: Scalars['String']['output'];
  /** When the gateway read this state from the upstream. It can be older than the request, because responses are cached briefly. */
  readonly observedAt: Scalars['DateTime']['output'];
  /** Coarse state, derived from `statusCode`, for colors and progress. */
  readonly phase: RunPhase;
  /** The resource scope that the job runs in. */
  readonly scope: ResourceScope;
  /** When the job started (`start_time`). Null before it starts. */
  readonly startedAt: Maybe<Scalars['DateTime']['output']>;
  /** Status of the job. */
  readonly status: RunStatus;
  /** The upstream's status code (`status`). Use it to distinguish codes that this schema does not know. */
  readonly statusCode: Scalars['Int']['output'];
  /** The step with this ID. Null if the job has no such step. */
  readonly step: Maybe<StepInstance>;
  /** Counts of the steps by phase and status. */
  readonly stepSummary: RunSummary;
  /** The steps of the job (`step_instance_list`), in execution order. */
  readonly steps: ReadonlyArray<StepInstance>;
  /** Request ID of the upstream response (`job_request_id`), for support requests. */
  readonly upstreamRequestId: Maybe<Scalars['String']['output']>;
  /** URL of the job's page in BlueKing Job. Null if the gateway does not know where its pages are (`JOB_SITE_URL`). */
  readonly url: Maybe<Scalars['String']['output']>;
};


/** One execution of a job in BlueKing Job. */
export type JobInstanceStepArgs = {
  stepInstanceId: Scalars['ID']['input'];
};


/** One execution of a job in BlueKing Job. */
export type JobInstanceStepsArgs = {
  filter?: InputMaybe<StepInstanceFilter>;
};

/** There is no such job instance in this scope. */
export type JobInstanceNotFound = Problem & {
  readonly __typename: 'JobInstanceNotFound';
  /** The upstream's message for users, in the language of `Accept-Language`. */
  readonly message: Scalars['String']['output'];
  /** Request ID of the upstream response (`job_request_id`), for support requests. */
  readonly upstreamRequestId: Maybe<Scalars['String']['output']>;
};

/** Reference to a job instance. */
export type JobInstanceRef = {
  /** ID of the job instance (`job_instance_id`): a positive 64-bit integer in decimal. */
  readonly jobInstanceId: Scalars['ID']['input'];
  /** ID of the business or business set in CMDB (`bk_scope_id`). */
  readonly scopeId: Scalars['ID']['input'];
  /** Type of the resource scope (`bk_scope_type`). */
  readonly scopeType?: ScopeType;
};

/** The result of looking up a job instance: the job, or an outcome to show to the user. */
export type JobInstanceResult = JobInstance | JobInstanceNotFound | PermissionDenied;

/** Direction of an order. */
export type OrderDirection =
  /** Ascending: lowest, earliest or shortest first. */
  | 'ASC'
  /** Descending: highest, latest or longest first. */
  | 'DESC';

/** Position of a page. Only forward pagination is supported. */
export type PageInfo = {
  readonly __typename: 'PageInfo';
  /** Cursor of the last result of this page: pass it as `after` to get the next page. Null if the page is empty. */
  readonly endCursor: Maybe<Scalars['String']['output']>;
  /** Whether there are results after this page. */
  readonly hasNextPage: Scalars['Boolean']['output'];
  /** Whether there are results before this page. There is no argument to request them: keep the cursors of earlier pages. */
  readonly hasPreviousPage: Scalars['Boolean']['output'];
  /** Cursor of the first result of this page. Null if the page is empty. */
  readonly startCursor: Maybe<Scalars['String']['output']>;
};

/** The user has no permission to view this job instance. */
export type PermissionDenied = Problem & {
  readonly __typename: 'PermissionDenied';
  /** The permissions to apply for in BlueKing IAM (`error.data`). Null if the upstream does not send them. */
  readonly application: Maybe<IamApplication>;
  /** The upstream's message for users, in the language of `Accept-Language`. */
  readonly message: Scalars['String']['output'];
  /** Request ID of the upstream response (`job_request_id`), for support requests. */
  readonly upstreamRequestId: Maybe<Scalars['String']['output']>;
};

/** An outcome without a job instance, with a message to show to the user. */
export type Problem = {
  /** The upstream's message for users, in the language of `Accept-Language`. */
  readonly message: Scalars['String']['output'];
  /** Request ID of the upstream response (`job_request_id`), for support requests. */
  readonly upstreamRequestId: Maybe<Scalars['String']['output']>;
};

/** Reads job instances of BlueKing Job. */
export type Query = {
  readonly __typename: 'Query';
  /**
   * One job instance, read with the user's permissions. It costs at most one upstream call, which requests host
   * results only if `hostResults`, `hostGroups` or `hostSummary` is selected. Null if the upstream fails; see `errors`.
   */
  readonly jobInstance: Maybe<JobInstanceResult>;
  /**
   * Several job instances, in the order of `refs`. Equal references share one upstream call.
   * An item is null if its upstream call fails; the other items are not affected.
   */
  readonly jobInstances: ReadonlyArray<Maybe<JobInstanceResult>>;
};


/** Reads job instances of BlueKing Job. */
export type QueryJobInstanceArgs = {
  ref: JobInstanceRef;
};


/** Reads job instances of BlueKing Job. */
export type QueryJobInstancesArgs = {
  refs: ReadonlyArray<JobInstanceRef>;
};

/** The resource scope that a job belongs to: a business or a business set in CMDB. */
export type ResourceScope = {
  readonly __typename: 'ResourceScope';
  /** ID of the business or business set (`bk_scope_id`). */
  readonly id: Scalars['ID']['output'];
  /** Type of the scope. `UNRECOGNIZED` for types that this schema does not know. */
  readonly type: ScopeType;
  /** Type of the scope as the upstream sends it (`bk_scope_type`). */
  readonly typeRaw: Scalars['String']['output'];
};

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

/** The number of steps with one status code. */
export type RunStatusCount = {
  readonly __typename: 'RunStatusCount';
  /** Number of steps with this status code. */
  readonly count: Scalars['Int']['output'];
  /** The status. `UNRECOGNIZED` for codes that this schema does not know. */
  readonly status: RunStatus;
  /** The upstream's status code (`status`). */
  readonly statusCode: Scalars['Int']['output'];
};

/** Counts of steps. The counts of all phases add up to `total`. */
export type RunSummary = {
  readonly __typename: 'RunSummary';
  /** Counts by status, in ascending order of the status code. Statuses without steps are omitted. */
  readonly byStatus: ReadonlyArray<RunStatusCount>;
  /** Number of steps in phase FAILED. */
  readonly failed: Scalars['Int']['output'];
  /** Number of steps in phase PENDING. */
  readonly pending: Scalars['Int']['output'];
  /** Number of steps in phase RUNNING. */
  readonly running: Scalars['Int']['output'];
  /** Number of steps in phase STOPPED. */
  readonly stopped: Scalars['Int']['output'];
  /** Number of steps in phase SUCCEEDED. */
  readonly succeeded: Scalars['Int']['output'];
  /** Number of all steps. */
  readonly total: Scalars['Int']['output'];
  /** Number of steps in phase UNKNOWN. */
  readonly unknown: Scalars['Int']['output'];
  /** Number of steps in phase WAITING_USER. */
  readonly waitingUser: Scalars['Int']['output'];
};

/** Type of a resource scope (`bk_scope_type`). */
export type ScopeType =
  /** A business in CMDB (`biz`). */
  | 'BIZ'
  /** A business set in CMDB (`biz_set`). */
  | 'BIZ_SET'
  /** A type that this schema does not know. Not allowed in arguments. */
  | 'UNRECOGNIZED';

/** One step of a job instance, in its latest attempt. */
export type StepInstance = {
  readonly __typename: 'StepInstance';
  /** When the step was created (`create_time`). */
  readonly createdAt: Scalars['DateTime']['output'];
  /** Duration in milliseconds (`total_time`). Null until the upstream reports it. */
  readonly durationMs: Maybe<Scalars['SafeInt']['output']>;
  /** Milliseconds from `startedAt` to `finishedAt`, or to the job's `observedAt` if the step has not finished. Null before it starts. */
  readonly elapsedMs: Maybe<Scalars['SafeInt']['output']>;
  /** When the step ended (`end_time`). Null before it ends. */
  readonly finishedAt: Maybe<Scalars['DateTime']['output']>;
  /**
   * Host results in groups: by default by status and tag, as in the console of BlueKing Job. Groups are
   * sorted by status code, tag and exit code, ascending. Groups without a tag or an exit code come first.
   */
  readonly hostGroups: ReadonlyArray<HostResultGroup>;
  /**
   * The results of the step on its hosts and containers, in pages. Empty for manual confirmations and for steps that
   * have not started. File steps have results for their targets only.
   */
  readonly hostResults: HostResultConnection;
  /** Counts of the host results of this step. Selecting it makes the gateway request host results from the upstream. */
  readonly hostSummary: HostSummary;
  /** Globally unique ID for client caches. Do not parse it. */
  readonly id: Scalars['ID']['output'];
  /** Whether the step has finished: its `phase` is SUCCEEDED, FAILED or STOPPED. */
  readonly isFinished: Scalars['Boolean']['output'];
  /** Name of the step (`name`). */
  readonly name: Scalars['String']['output'];
  /** Coarse state, derived from `statusCode`. */
  readonly phase: RunPhase;
  /** Number of retries (`execute_count`), 0 for the first attempt. */
  readonly retryCount: Scalars['Int']['output'];
  /** When the step started (`start_time`). Null before it starts. */
  readonly startedAt: Maybe<Scalars['DateTime']['output']>;
  /** Status of the step. */
  readonly status: RunStatus;
  /** The upstream's status code (`status`). */
  readonly statusCode: Scalars['Int']['output'];
  /** ID of the step instance in BlueKing Job (`step_instance_id`). */
  readonly stepInstanceId: Scalars['ID']['output'];
  /** Type of the step. */
  readonly type: StepType;
  /** The upstream's type code (`type`). */
  readonly typeCode: Scalars['Int']['output'];
  /** URL of the step's page in BlueKing Job. Null if the gateway does not know where its pages are (`JOB_SITE_URL`). */
  readonly url: Maybe<Scalars['String']['output']>;
};


/** One step of a job instance, in its latest attempt. */
export type StepInstanceHostGroupsArgs = {
  by?: ReadonlyArray<HostGroupKey>;
  filter?: InputMaybe<HostResultFilter>;
};


/** One step of a job instance, in its latest attempt. */
export type StepInstanceHostResultsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<HostResultFilter>;
  first?: Scalars['Int']['input'];
  orderBy?: InputMaybe<HostResultOrder>;
};

/**
 * Conditions for steps. A step must match all conditions, and one of the values of each condition.
 * A condition that is omitted or null matches every step; an empty list matches none.
 */
export type StepInstanceFilter = {
  /** Coarse state of the step. */
  readonly phases?: InputMaybe<ReadonlyArray<RunPhase>>;
  /** Status of the step. */
  readonly statuses?: InputMaybe<ReadonlyArray<RunStatus>>;
  /** Type of the step. */
  readonly types?: InputMaybe<ReadonlyArray<StepType>>;
};

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

/** Live updates of a job instance. */
export type Subscription = {
  readonly __typename: 'Subscription';
  /**
   * The current state of a job instance, then its state after each change of a selected field. Changes of `observedAt`,
   * `upstreamRequestId` and `elapsedMs` alone do not trigger an event. Completes after a finished job,
   * `JobInstanceNotFound` or `PermissionDenied`. All subscribers of a job share one poller.
   * Null if the upstream fails; see `errors`.
   */
  readonly jobInstanceUpdated: Maybe<JobInstanceResult>;
};


/** Live updates of a job instance. */
export type SubscriptionJobInstanceUpdatedArgs = {
  ref: JobInstanceRef;
};
