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
  /** An instant in RFC 3339 form, always UTC with millisecond precision. */
  DateTime: { input: Date; output: number; }
  /** A whole number up to 2^53-1. Used for milliseconds, which overflow `Int` after 24.8 days. */
  SafeInt: { input: number; output: number; }
};

/** A container that a step ran in. */
export type Container = {
  readonly __typename?: 'Container';
  /** Container ID of the runtime, such as Docker's. */
  readonly containerId: Scalars['String']['output'];
  /** CMDB ID. */
  readonly id: Scalars['ID']['output'];
  /** Container name. */
  readonly name: Scalars['String']['output'];
  /** `bk_host_id` of the node that it runs on. */
  readonly nodeHostId: Maybe<Scalars['ID']['output']>;
};

/** A property that host results can be grouped by. */
export type HostGroupKey =
  /** By `exitCode`. */
  | 'EXIT_CODE'
  /** By `statusCode`. */
  | 'STATUS'
  /** By `tag`. */
  | 'TAG';

/**
 * The result of one step on one host or container. A host can have several in one step:
 * rolling by source files runs every batch on every target.
 */
export type HostResult = {
  readonly __typename?: 'HostResult';
  /** `bk_agent_id`, where the upstream sends it. */
  readonly agentId: Maybe<Scalars['ID']['output']>;
  /** `bk_cloud_id`: the BK-Net area that the address belongs to. Null when the upstream omits it. */
  readonly cloudId: Maybe<Scalars['ID']['output']>;
  /** `bk_cloud_name`, where the upstream sends it. */
  readonly cloudName: Maybe<Scalars['String']['output']>;
  /** The container that the step ran in. Null when the target is a host. */
  readonly container: Maybe<Container>;
  /** Upstream `total_time`. Null until the upstream reports it. */
  readonly durationMs: Maybe<Scalars['SafeInt']['output']>;
  /** `error_code`, where the upstream sends it. */
  readonly errorCode: Maybe<Scalars['Int']['output']>;
  /** Script exit code. Null for file steps and for scripts that have not exited. */
  readonly exitCode: Maybe<Scalars['Int']['output']>;
  /** When it ended on this target. Null until then. */
  readonly finishedAt: Maybe<Scalars['DateTime']['output']>;
  /** `bk_host_id`. Null for containers and for history from before host IDs. */
  readonly hostId: Maybe<Scalars['ID']['output']>;
  /** Unique in this API, also where one host has several results; for client caches only, do not parse it. */
  readonly id: Scalars['ID']['output'];
  /** IPv4 address. Null for containers and for hosts known without one. */
  readonly ip: Maybe<Scalars['String']['output']>;
  /** IPv6 address, where the upstream sends it. */
  readonly ipv6: Maybe<Scalars['String']['output']>;
  /** Whether the GSE agent is alive, where the upstream sends it. */
  readonly isAgentAlive: Maybe<Scalars['Boolean']['output']>;
  /** Coarse state derived from `statusCode`. */
  readonly phase: RunPhase;
  /** When the step began on this target. Null until then. */
  readonly startedAt: Maybe<Scalars['DateTime']['output']>;
  /** How the step went on this target. */
  readonly status: HostStatus;
  /** The upstream's number for `status`. */
  readonly statusCode: Scalars['Int']['output'];
  /** Text given to `job_success` / `job_fail`. Null when none was given; the upstream's empty string counts as none. */
  readonly tag: Maybe<Scalars['String']['output']>;
};

/** One page of host results. */
export type HostResultConnection = {
  readonly __typename?: 'HostResultConnection';
  /** The results of this page, each with its cursor. */
  readonly edges: ReadonlyArray<HostResultEdge>;
  /** The same results as `edges`, without cursors. */
  readonly nodes: ReadonlyArray<HostResult>;
  /** Whether and where the next page begins. */
  readonly pageInfo: PageInfo;
  /** Results that match the filter, over all pages. */
  readonly totalCount: Scalars['Int']['output'];
};

/** A result and its position. */
export type HostResultEdge = {
  readonly __typename?: 'HostResultEdge';
  /** Opaque position. Valid for the step attempt that it came from. */
  readonly cursor: Scalars['String']['output'];
  /** The result at this position. */
  readonly node: HostResult;
};

/**
 * Which host results to return. Conditions are ANDed; values within one are ORed. A condition left out or null
 * lets every result pass; an empty list matches nothing.
 */
export type HostResultFilter = {
  /** `bk_cloud_id`. */
  readonly cloudIds?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /** Exact script exit codes. Results without an exit code never match. */
  readonly exitCodes?: InputMaybe<ReadonlyArray<Scalars['Int']['input']>>;
  /** `bk_host_id`. Containers and history from before host IDs have none and never match. */
  readonly hostIds?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /** Part of the IPv4 or IPv6 address, in any case. An empty text is no condition. */
  readonly ipContains?: InputMaybe<Scalars['String']['input']>;
  /** Coarse states. */
  readonly phases?: InputMaybe<ReadonlyArray<RunPhase>>;
  /** Statuses by the upstream's number. For codes that the enum does not know. */
  readonly statusCodes?: InputMaybe<ReadonlyArray<Scalars['Int']['input']>>;
  /** Statuses by name. */
  readonly statuses?: InputMaybe<ReadonlyArray<HostStatus>>;
  /** Exact tags; null in the list stands for «no tag». */
  readonly tags?: InputMaybe<ReadonlyArray<InputMaybe<Scalars['String']['input']>>>;
};

/** Host results alike in every property asked for. Properties not grouped by are null. */
export type HostResultGroup = {
  readonly __typename?: 'HostResultGroup';
  /** Results in the group. */
  readonly count: Scalars['Int']['output'];
  /** Null when not grouped by EXIT_CODE, or when these results have no exit code. */
  readonly exitCode: Maybe<Scalars['Int']['output']>;
  /** The results, paged. */
  readonly hostResults: HostResultConnection;
  /** Null when not grouped by STATUS. */
  readonly status: Maybe<HostStatus>;
  /** Null when not grouped by STATUS. */
  readonly statusCode: Maybe<Scalars['Int']['output']>;
  /** Null when not grouped by TAG, or when these results have no tag. */
  readonly tag: Maybe<Scalars['String']['output']>;
};


/** Host results alike in every property asked for. Properties not grouped by are null. */
export type HostResultGroupHostResultsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first: Scalars['Int']['input'];
  orderBy?: InputMaybe<HostResultOrder>;
};

/** How to order host results. Equal ones keep the stable order. */
export type HostResultOrder = {
  /** Rising unless said otherwise. */
  readonly direction: OrderDirection;
  /** The property to order by. */
  readonly field: HostResultOrderField;
};

/** A property that host results can be ordered by. Results without it come last, in both directions. */
export type HostResultOrderField =
  /** By `durationMs`. */
  | 'DURATION'
  /** By `exitCode`. */
  | 'EXIT_CODE'
  /** By address, numerically: IPv4 by `ip`, then those known by `ipv6` alone. */
  | 'IP'
  /** By `startedAt`. */
  | 'STARTED_AT'
  /** By `statusCode`. */
  | 'STATUS_CODE';

/** `target_object_status`: status of one host result. */
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
  /** 404 GSE任务强制终止失败: could not be stopped by force. */
  | 'FORCE_STOP_FAILED'
  /** 403 GSE任务强制终止成功: stopped by force. */
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

/** How many host results have one status. */
export type HostStatusCount = {
  readonly __typename?: 'HostStatusCount';
  /** Results with this status code. */
  readonly count: Scalars['Int']['output'];
  /** The status; `UNRECOGNIZED` for every code that this schema does not know. */
  readonly status: HostStatus;
  /** The upstream's number for `status`. */
  readonly statusCode: Scalars['Int']['output'];
};

/** Host-result counts: results, not distinct hosts. The phases add up to `total`. */
export type HostSummary = {
  readonly __typename?: 'HostSummary';
  /** Statuses that occur, by rising status code. */
  readonly byStatus: ReadonlyArray<HostStatusCount>;
  /** Results in phase FAILED. */
  readonly failed: Scalars['Int']['output'];
  /** Results in phase PENDING. */
  readonly pending: Scalars['Int']['output'];
  /** Results in phase RUNNING. */
  readonly running: Scalars['Int']['output'];
  /** Results in phase STOPPED. */
  readonly stopped: Scalars['Int']['output'];
  /** Results in phase SUCCEEDED. */
  readonly succeeded: Scalars['Int']['output'];
  /** All results. */
  readonly total: Scalars['Int']['output'];
  /** Results in phase UNKNOWN. */
  readonly unknown: Scalars['Int']['output'];
};

/** An IAM action that the caller lacks. */
export type IamAction = {
  readonly __typename?: 'IamAction';
  /** Action ID, such as `view_history`. */
  readonly id: Scalars['String']['output'];
  /** Display name. */
  readonly name: Maybe<Scalars['String']['output']>;
  /** Resources that the action must be granted on. Empty for actions without resources. */
  readonly relatedResourceTypes: ReadonlyArray<IamRelatedResourceType>;
};

/** Apply data of BlueKing IAM (`error.data`). */
export type IamApplication = {
  readonly __typename?: 'IamApplication';
  /** Actions that the caller lacks. */
  readonly actions: ReadonlyArray<IamAction>;
  /** System to apply in, such as `bk_job`. */
  readonly systemId: Scalars['String']['output'];
  /** Display name of the system. */
  readonly systemName: Maybe<Scalars['String']['output']>;
};

/** A resource type that an IAM action is granted on. */
export type IamRelatedResourceType = {
  readonly __typename?: 'IamRelatedResourceType';
  /** Resources by topology path: each inner list is one path from root to leaf. */
  readonly instances: ReadonlyArray<ReadonlyArray<IamResourceNode>>;
  /** System owning the type, such as `bk_cmdb`. */
  readonly systemId: Scalars['String']['output'];
  /** Display name of the system. */
  readonly systemName: Maybe<Scalars['String']['output']>;
  /** Type, such as `biz`. */
  readonly type: Scalars['String']['output'];
  /** Display name of the type. */
  readonly typeName: Maybe<Scalars['String']['output']>;
};

/** One node of an IAM resource path. */
export type IamResourceNode = {
  readonly __typename?: 'IamResourceNode';
  /** Resource ID. */
  readonly id: Scalars['String']['output'];
  /** Display name of the resource. */
  readonly name: Maybe<Scalars['String']['output']>;
  /** Resource type. */
  readonly type: Scalars['String']['output'];
  /** Display name of the type. */
  readonly typeName: Maybe<Scalars['String']['output']>;
};

/** One execution of a job. */
export type JobInstance = {
  readonly __typename?: 'JobInstance';
  /** When the job was created. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** The step that is running, stopping or waiting for a person. Null when there is none. */
  readonly currentStep: Maybe<StepInstance>;
  /** Upstream `total_time`. Null until the upstream reports it. */
  readonly durationMs: Maybe<Scalars['SafeInt']['output']>;
  /** From `startedAt` to `finishedAt`, or to `observedAt` while unfinished. Null before it began. */
  readonly elapsedMs: Maybe<Scalars['SafeInt']['output']>;
  /** When it ended. Null until then. */
  readonly finishedAt: Maybe<Scalars['DateTime']['output']>;
  /** Host-result counts over all steps. Needs host results. */
  readonly hostSummary: HostSummary;
  /** Stable across requests, unique in this API; for client caches only, do not parse it. */
  readonly id: Scalars['ID']['output'];
  /** Upstream `finished`: no further change will happen by itself. A retry can undo it. */
  readonly isFinished: Scalars['Boolean']['output'];
  /** `job_instance_id`. */
  readonly jobInstanceId: Scalars['ID']['output'];
  /** Name given at launch. */
  readonly name: Scalars['String']['output'];
  /** When the gateway read this state from the upstream. */
  readonly observedAt: Scalars['DateTime']['output'];
  /** Coarse state derived from `statusCode`, for colours and progress. */
  readonly phase: RunPhase;
  /** The scope that the job ran in. */
  readonly scope: ResourceScope;
  /** When it began to run. Null until then. */
  readonly startedAt: Maybe<Scalars['DateTime']['output']>;
  /** Where the job is in its life. */
  readonly status: RunStatus;
  /** The upstream's number for `status`; the only way to tell unknown statuses apart. */
  readonly statusCode: Scalars['Int']['output'];
  /** One step, or null when the job has no step with this ID. */
  readonly step: Maybe<StepInstance>;
  /** Step counts. */
  readonly stepSummary: RunSummary;
  /** Steps in execution order, as the upstream lists them. */
  readonly steps: ReadonlyArray<StepInstance>;
  /** `job_request_id` of the response it was read from, to quote to support. */
  readonly upstreamRequestId: Maybe<Scalars['String']['output']>;
};


/** One execution of a job. */
export type JobInstanceStepArgs = {
  stepInstanceId: Scalars['ID']['input'];
};


/** One execution of a job. */
export type JobInstanceStepsArgs = {
  filter?: InputMaybe<StepInstanceFilter>;
};

/** The upstream knows no such job instance in this scope. */
export type JobInstanceNotFound = Problem & {
  readonly __typename?: 'JobInstanceNotFound';
  /** The upstream's message, in the language asked for, fit to show to a user. */
  readonly message: Scalars['String']['output'];
  /** Upstream `job_request_id`, to quote to support. */
  readonly upstreamRequestId: Maybe<Scalars['String']['output']>;
};

/** What finds a job instance: `bk_scope_type`, `bk_scope_id`, `job_instance_id`. */
export type JobInstanceRef = {
  /** Job instance ID: a positive 64-bit integer in decimal. */
  readonly jobInstanceId: Scalars['ID']['input'];
  /** CMDB business ID or business-set ID, by `scopeType`. */
  readonly scopeId: Scalars['ID']['input'];
  /** The kind of resource scope. */
  readonly scopeType: ScopeType;
};

/** Every answer that a caller should be ready to render. */
export type JobInstanceResult = JobInstance | JobInstanceNotFound | PermissionDenied;

/** Rising or falling. */
export type OrderDirection =
  /** Rising: lowest, earliest or shortest first. */
  | 'ASC'
  /** Falling: highest, latest or longest first. */
  | 'DESC';

/** Forward paging only. */
export type PageInfo = {
  readonly __typename?: 'PageInfo';
  /** Cursor of the last result of this page: the `after` of the next. Null for a page without results. */
  readonly endCursor: Maybe<Scalars['String']['output']>;
  /** Whether results follow after this page. */
  readonly hasNextPage: Scalars['Boolean']['output'];
};

/** The calling user may not see this job instance. */
export type PermissionDenied = Problem & {
  readonly __typename?: 'PermissionDenied';
  /** What to apply for in BlueKing IAM. Null when the upstream sent no `error.data`. */
  readonly application: Maybe<IamApplication>;
  /** The upstream's message, in the language asked for, fit to show to a user. */
  readonly message: Scalars['String']['output'];
  /** Upstream `job_request_id`, to quote to support. */
  readonly upstreamRequestId: Maybe<Scalars['String']['output']>;
};

/** Common to every outcome that is not the resource itself. */
export type Problem = {
  /** The upstream's message, in the language asked for, fit to show to a user. */
  readonly message: Scalars['String']['output'];
  /** Upstream `job_request_id`, to quote to support. */
  readonly upstreamRequestId: Maybe<Scalars['String']['output']>;
};

/** Read-only access to BlueKing Job instances. */
export type Query = {
  readonly __typename?: 'Query';
  /**
   * One job instance, as the calling user may see it. At most one upstream call; host
   * results are asked for only when the operation selects `hostResults`, `hostGroups` or
   * `hostSummary`. Null only when the upstream failed; see `errors`.
   */
  readonly jobInstance: Maybe<JobInstanceResult>;
  /**
   * Up to 50 job instances, in the order given. Equal refs cost one upstream call.
   * A slot is null only when the upstream failed for it; the others are unaffected.
   */
  readonly jobInstances: ReadonlyArray<Maybe<JobInstanceResult>>;
};


/** Read-only access to BlueKing Job instances. */
export type QueryJobInstanceArgs = {
  ref: JobInstanceRef;
};


/** Read-only access to BlueKing Job instances. */
export type QueryJobInstancesArgs = {
  refs: ReadonlyArray<JobInstanceRef>;
};

/** A resource scope: a CMDB business or business set. */
export type ResourceScope = {
  readonly __typename?: 'ResourceScope';
  /** `bk_scope_id`. */
  readonly id: Scalars['ID']['output'];
  /** The kind of scope; `UNRECOGNIZED` when the upstream sends a kind that this schema does not know. */
  readonly type: ScopeType;
  /** `bk_scope_type` exactly as sent. */
  readonly typeRaw: Scalars['String']['output'];
};

/** Coarse state of a job, a step or a host result. */
export type RunPhase =
  /** Ended badly. Run 4, 8, 9, 14; every other documented host code but 403. */
  | 'FAILED'
  /** Not started. Run 1, 15; host 5. */
  | 'PENDING'
  /** Under way. Run 2, 10; host 7. */
  | 'RUNNING'
  /** Stopped on purpose. Run 11, 13; host 403. */
  | 'STOPPED'
  /** Ended well. Run 3, 5, 6; host 3, 9. */
  | 'SUCCEEDED'
  /** A code that this schema does not know. */
  | 'UNKNOWN'
  /** Held until a person acts. Run 7. */
  | 'WAITING_USER';

/** `run_status`: status of a job or a step. */
export type RunStatus =
  /** 14 被丢弃: discarded. */
  | 'ABANDONED'
  /** 9 状态异常: abnormal state. */
  | 'ABNORMAL'
  /** 13 确认终止: ended at a confirmation. */
  | 'CONFIRM_TERMINATED'
  /** 6 忽略错误: failed, and the error was ignored. */
  | 'ERROR_IGNORED'
  /** 4 执行失败: failed. */
  | 'FAILED'
  /** 8 手动结束: ended by hand. */
  | 'MANUALLY_ENDED'
  /** 1 等待执行: waiting to run. */
  | 'PENDING'
  /** 15 滚动等待: waiting for the next rolling batch. */
  | 'ROLLING_WAITING'
  /** 2 正在执行: running. */
  | 'RUNNING'
  /** 5 跳过: skipped. */
  | 'SKIPPED'
  /** 11 强制终止成功: stopped by force. */
  | 'STOPPED'
  /** 10 强制终止中: being stopped by force. */
  | 'STOPPING'
  /** 3 执行成功: succeeded. */
  | 'SUCCEEDED'
  /** A code that this schema does not know. */
  | 'UNRECOGNIZED'
  /** 7 等待用户: waiting for a person. */
  | 'WAITING_USER';

/** How many steps have one status. */
export type RunStatusCount = {
  readonly __typename?: 'RunStatusCount';
  /** Steps with this status code. */
  readonly count: Scalars['Int']['output'];
  /** The status; `UNRECOGNIZED` for every code that this schema does not know. */
  readonly status: RunStatus;
  /** The upstream's number for `status`. */
  readonly statusCode: Scalars['Int']['output'];
};

/** Step counts. The phases add up to `total`. */
export type RunSummary = {
  readonly __typename?: 'RunSummary';
  /** Statuses that occur, by rising status code. */
  readonly byStatus: ReadonlyArray<RunStatusCount>;
  /** Steps in phase FAILED. */
  readonly failed: Scalars['Int']['output'];
  /** Steps in phase PENDING. */
  readonly pending: Scalars['Int']['output'];
  /** Steps in phase RUNNING. */
  readonly running: Scalars['Int']['output'];
  /** Steps in phase STOPPED. */
  readonly stopped: Scalars['Int']['output'];
  /** Steps in phase SUCCEEDED. */
  readonly succeeded: Scalars['Int']['output'];
  /** All steps. */
  readonly total: Scalars['Int']['output'];
  /** Steps in phase UNKNOWN. */
  readonly unknown: Scalars['Int']['output'];
  /** Steps in phase WAITING_USER. */
  readonly waitingUser: Scalars['Int']['output'];
};

/** `bk_scope_type`. */
export type ScopeType =
  /** `biz`: a business. */
  | 'BIZ'
  /** `biz_set`: a business set. */
  | 'BIZ_SET'
  /** Output only. */
  | 'UNRECOGNIZED';

/** One step of a job instance, in its latest attempt. */
export type StepInstance = {
  readonly __typename?: 'StepInstance';
  /** When the step was created. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** Upstream `total_time`. Null until the upstream reports it. */
  readonly durationMs: Maybe<Scalars['SafeInt']['output']>;
  /** From `startedAt` to `finishedAt`, or to the job's `observedAt` while unfinished. Null before it began. */
  readonly elapsedMs: Maybe<Scalars['SafeInt']['output']>;
  /** When it ended. Null until then. */
  readonly finishedAt: Maybe<Scalars['DateTime']['output']>;
  /**
   * Host results grouped as the BlueKing Job console groups them, by status then tag; add
   * `EXIT_CODE` to split groups further. Ordered by status code, then tag, then exit code; results
   * without a tag come before those with one, results without an exit code likewise.
   */
  readonly hostGroups: ReadonlyArray<HostResultGroup>;
  /**
   * Host results. Empty for steps without hosts (manual confirmation) and for steps not yet
   * started. File steps list their targets only. Without `orderBy`, the order is stable from
   * one read to the next.
   */
  readonly hostResults: HostResultConnection;
  /** Host-result counts of this step. Needs host results. */
  readonly hostSummary: HostSummary;
  /** Stable across requests, unique in this API; for client caches only, do not parse it. */
  readonly id: Scalars['ID']['output'];
  /** True when `phase` is terminal. */
  readonly isFinished: Scalars['Boolean']['output'];
  /** Step name. */
  readonly name: Scalars['String']['output'];
  /** Coarse state derived from `statusCode`. */
  readonly phase: RunPhase;
  /** Upstream `execute_count`: retries so far, 0 on the first attempt. */
  readonly retryCount: Scalars['Int']['output'];
  /** When it began to run. Null until then. */
  readonly startedAt: Maybe<Scalars['DateTime']['output']>;
  /** Where the step is in its life. */
  readonly status: RunStatus;
  /** The upstream's number for `status`. */
  readonly statusCode: Scalars['Int']['output'];
  /** `step_instance_id`. */
  readonly stepInstanceId: Scalars['ID']['output'];
  /** What the step does. */
  readonly type: StepType;
  /** The upstream's number for `type`. */
  readonly typeCode: Scalars['Int']['output'];
};


/** One step of a job instance, in its latest attempt. */
export type StepInstanceHostGroupsArgs = {
  by: ReadonlyArray<HostGroupKey>;
  filter?: InputMaybe<HostResultFilter>;
};


/** One step of a job instance, in its latest attempt. */
export type StepInstanceHostResultsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<HostResultFilter>;
  first: Scalars['Int']['input'];
  orderBy?: InputMaybe<HostResultOrder>;
};

/**
 * Which steps to return. All given conditions must hold; values within one are ORed. A condition left out or null
 * lets every step pass; an empty list matches nothing.
 */
export type StepInstanceFilter = {
  /** Coarse states. */
  readonly phases?: InputMaybe<ReadonlyArray<RunPhase>>;
  /** Statuses by name. */
  readonly statuses?: InputMaybe<ReadonlyArray<RunStatus>>;
  /** What the step does. */
  readonly types?: InputMaybe<ReadonlyArray<StepType>>;
};

/** Step type. */
export type StepType =
  /** 2 文件步骤: distribute files. */
  | 'FILE'
  /** 3 人工确认步骤: wait for a person to confirm. */
  | 'MANUAL_CONFIRM'
  /** 1 脚本步骤: run a script. */
  | 'SCRIPT'
  /** 4 SQL步骤: run SQL. */
  | 'SQL'
  /** A code that this schema does not know. */
  | 'UNRECOGNIZED';

/** Live state, pushed while a job runs. */
export type Subscription = {
  readonly __typename?: 'Subscription';
  /**
   * The state now, then again at every observed change of what is selected; that `observedAt`,
   * `upstreamRequestId` and `elapsedMs` are others at every read is none. Completes after a
   * finished job, `JobInstanceNotFound` or `PermissionDenied`. Subscribers to one job share one
   * poller. Null only when the upstream failed; see `errors`.
   */
  readonly jobInstanceUpdated: Maybe<JobInstanceResult>;
};


/** Live state, pushed while a job runs. */
export type SubscriptionJobInstanceUpdatedArgs = {
  ref: JobInstanceRef;
};
