// Generated from *.graphql by `npm run codegen`. Do not edit.
import type * as Types from "./operations.generated.ts";
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
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
    `, {"fragmentName":"JobState"}) as unknown as TypedDocumentString<Types.JobStateFragment, unknown>;
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
    `, {"fragmentName":"ProblemDetails"}) as unknown as TypedDocumentString<Types.ProblemDetailsFragment, unknown>;
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
}`) as unknown as TypedDocumentString<Types.JobInstanceQuery, Types.JobInstanceQueryVariables>;
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
}`) as unknown as TypedDocumentString<Types.JobInstanceUpdatedSubscription, Types.JobInstanceUpdatedSubscriptionVariables>;