// Generated from *.graphql by `npm run codegen`. Do not edit.
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Reference to a job instance. */
export type JobInstanceRef = {
  /** ID of the job instance (`job_instance_id`): a positive 64-bit integer in decimal. */
  readonly jobInstanceId: string;
  /** ID of the business or business set in CMDB (`bk_scope_id`). */
  readonly scopeId: string;
  /** Type of the resource scope (`bk_scope_type`). */
  readonly scopeType?: ScopeType;
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

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const JobStateFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment JobState on JobInstance {
  id
  jobInstanceId
  scope {
    type
    id
  }
  name
  status
  statusCode
  phase
  isFinished
  createdAt
  startedAt
  finishedAt
  durationMs
  elapsedMs
  observedAt
  upstreamRequestId
  steps {
    id
    stepInstanceId
    name
    type
    status
    statusCode
    phase
    isFinished
    retryCount
    startedAt
    finishedAt
    durationMs
    elapsedMs
  }
}
    `, {"fragmentName":"JobState"}) as unknown as TypedDocumentString<JobStateFragment, unknown>;
export const ProblemDetailsFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment ProblemDetails on Problem {
  message
  upstreamRequestId
  ... on PermissionDenied {
    application {
      systemId
      systemName
      actions {
        id
        name
        relatedResourceTypes {
          systemId
          systemName
          type
          typeName
          instances {
            id
            type
            name
            typeName
          }
        }
      }
    }
  }
}
    `, {"fragmentName":"ProblemDetails"}) as unknown as TypedDocumentString<ProblemDetailsFragment, unknown>;
export const JobInstanceDocument = /*#__PURE__*/ new TypedDocumentString(`
    query JobInstance($ref: JobInstanceRef!) {
  jobInstance(ref: $ref) {
    __typename
    ...JobState
    ...ProblemDetails
  }
}
    fragment JobState on JobInstance {
  id
  jobInstanceId
  scope {
    type
    id
  }
  name
  status
  statusCode
  phase
  isFinished
  createdAt
  startedAt
  finishedAt
  durationMs
  elapsedMs
  observedAt
  upstreamRequestId
  steps {
    id
    stepInstanceId
    name
    type
    status
    statusCode
    phase
    isFinished
    retryCount
    startedAt
    finishedAt
    durationMs
    elapsedMs
  }
}
fragment ProblemDetails on Problem {
  message
  upstreamRequestId
  ... on PermissionDenied {
    application {
      systemId
      systemName
      actions {
        id
        name
        relatedResourceTypes {
          systemId
          systemName
          type
          typeName
          instances {
            id
            type
            name
            typeName
          }
        }
      }
    }
  }
}`) as unknown as TypedDocumentString<JobInstanceQuery, JobInstanceQueryVariables>;
export const JobInstanceUpdatedDocument = /*#__PURE__*/ new TypedDocumentString(`
    subscription JobInstanceUpdated($ref: JobInstanceRef!) {
  jobInstanceUpdated(ref: $ref) {
    __typename
    ...JobState
    ...ProblemDetails
  }
}
    fragment JobState on JobInstance {
  id
  jobInstanceId
  scope {
    type
    id
  }
  name
  status
  statusCode
  phase
  isFinished
  createdAt
  startedAt
  finishedAt
  durationMs
  elapsedMs
  observedAt
  upstreamRequestId
  steps {
    id
    stepInstanceId
    name
    type
    status
    statusCode
    phase
    isFinished
    retryCount
    startedAt
    finishedAt
    durationMs
    elapsedMs
  }
}
fragment ProblemDetails on Problem {
  message
  upstreamRequestId
  ... on PermissionDenied {
    application {
      systemId
      systemName
      actions {
        id
        name
        relatedResourceTypes {
          systemId
          systemName
          type
          typeName
          instances {
            id
            type
            name
            typeName
          }
        }
      }
    }
  }
}`) as unknown as TypedDocumentString<JobInstanceUpdatedSubscription, JobInstanceUpdatedSubscriptionVariables>;