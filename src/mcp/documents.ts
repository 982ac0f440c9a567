/** The fixed operations of the tools, and the types of the jobs that they select. */
import type { HostStatus, RunPhase, RunStatus, ScopeType, StepType } from "../model/sdl.generated.ts";
import type { Denied, NotFound } from "../watch/job-update.ts";

/** An operation on one job, `$ref`, with the type of the job that it selects. */
export type JobDocument<Job> = string & { readonly job?: Job };

/** The result of the root field. */
export type Outcome<Job> = (Job & { readonly __typename: "JobInstance" }) | NotFound | Denied;

interface StatusFields<Status> {
  readonly status: Status;
  readonly statusCode: number;
  readonly phase: RunPhase;
}

export interface JobState extends StatusFields<RunStatus> {
  readonly jobInstanceId: string;
  readonly scope: { readonly type: ScopeType; readonly id: string };
  readonly name: string;
  readonly isFinished: boolean;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly elapsedMs: number | null;
  readonly observedAt: string;
  readonly steps: readonly StepState[];
}

export interface StepState extends StatusFields<RunStatus> {
  readonly stepInstanceId: string;
  readonly name: string;
  readonly type: StepType;
  readonly isFinished: boolean;
  readonly retryCount: number;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly elapsedMs: number | null;
  /** Only in the status, not while waiting: it makes the gateway request all hosts from the upstream. */
  readonly hostSummary?: HostCounts;
}

interface HostCounts {
  readonly total: number;
  readonly pending: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly stopped: number;
  readonly unknown: number;
}

interface FailureFields extends StatusFields<RunStatus> {
  readonly jobInstanceId: string;
  readonly name: string;
  readonly isFinished: boolean;
  readonly observedAt: string;
}

export interface JobFailures extends FailureFields {
  readonly steps: readonly StepFailures[];
}

/** The failed hosts of one step. */
export interface JobStepFailures extends FailureFields {
  readonly step: StepFailures | null;
}

export interface StepFailures extends StatusFields<RunStatus> {
  readonly stepInstanceId: string;
  readonly name: string;
  readonly type: StepType;
  readonly hostGroups: readonly FailureGroup[];
  readonly hostResults: {
    readonly totalCount: number;
    readonly nodes: readonly FailedHost[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

export interface FailureGroup {
  readonly status: HostStatus;
  readonly statusCode: number;
  readonly tag: string | null;
  readonly exitCode: number | null;
  readonly count: number;
}

export interface FailedHost extends StatusFields<HostStatus> {
  readonly ip: string | null;
  readonly ipv6: string | null;
  readonly hostId: string | null;
  readonly cloudId: string | null;
  readonly isAgentAlive: boolean | null;
  readonly container: { readonly name: string } | null;
  readonly tag: string | null;
  readonly exitCode: number | null;
}

const PROBLEM = `
    ... on Problem { message upstreamRequestId }
    ... on PermissionDenied {
      application {
        systemId systemName
        actions {
          id name
          relatedResourceTypes { type typeName instances { id name type typeName } }
        }
      }
    }`;

const JOB_STATE = `
      jobInstanceId scope { type id } name status statusCode phase isFinished
      createdAt startedAt finishedAt elapsedMs observedAt`;

const STEP_STATE =
  "stepInstanceId name type status statusCode phase isFinished retryCount startedAt finishedAt elapsedMs";

export const JOB_STATUS: JobDocument<JobState> = `query McpJobStatus($ref: JobInstanceRef!) {
  jobInstance(ref: $ref) {
    __typename
    ... on JobInstance {${JOB_STATE}
      steps {
        ${STEP_STATE}
        hostSummary { total pending running succeeded failed stopped unknown }
      }
    }${PROBLEM}
  }
}`;

export const WAIT_FOR_JOB: JobDocument<JobState> = `subscription McpWaitForJob($ref: JobInstanceRef!) {
  jobInstanceUpdated(ref: $ref) {
    __typename
    ... on JobInstance {${JOB_STATE}
      steps { ${STEP_STATE} }
    }${PROBLEM}
  }
}`;

const FAILURES = "jobInstanceId name status statusCode phase isFinished observedAt";

const failedHosts = (page: string): string => `
        stepInstanceId name type status statusCode phase
        hostGroups(by: [STATUS, TAG, EXIT_CODE], filter: { phases: [FAILED] }) {
          status statusCode tag exitCode count
        }
        hostResults(filter: { phases: [FAILED] }, ${page}) {
          totalCount
          nodes {
            ip ipv6 hostId cloudId isAgentAlive container { name } status statusCode phase tag exitCode
          }
          pageInfo { hasNextPage endCursor }
        }`;

export const FAILED_HOSTS: JobDocument<JobFailures> = `query McpFailedHosts($ref: JobInstanceRef!, $first: Int!) {
  jobInstance(ref: $ref) {
    __typename
    ... on JobInstance {
      ${FAILURES}
      steps {${failedHosts("first: $first")}
      }
    }${PROBLEM}
  }
}`;

export const FAILED_HOSTS_OF_STEP: JobDocument<JobStepFailures> = `query McpFailedHostsOfStep($ref: JobInstanceRef!, $stepInstanceId: ID!, $first: Int!, $after: String) {
  jobInstance(ref: $ref) {
    __typename
    ... on JobInstance {
      ${FAILURES}
      step(stepInstanceId: $stepInstanceId) {${failedHosts("first: $first, after: $after")}
      }
    }${PROBLEM}
  }
}`;

/** All documents. A gateway with tools runs them even if it runs only trusted documents. */
export const DOCUMENTS: readonly string[] = [JOB_STATUS, WAIT_FOR_JOB, FAILED_HOSTS, FAILED_HOSTS_OF_STEP];
