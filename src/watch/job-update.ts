/** The subscription that `watch` sends, and the types of its results. */
import { typedDocument } from "../client/typed-document.ts";
import type { HostStatus, RunPhase, RunStatus, StepType } from "../model/sdl.generated.ts";

/** The `JobInstanceRef` input of the subscription. */
export interface WatchedRef {
  readonly scopeType: "BIZ" | "BIZ_SET";
  readonly scopeId: string;
  readonly jobInstanceId: string;
}

/** Number of failed hosts to name in each group. */
const HOSTS_PER_GROUP = 3;

export const SUBSCRIPTION = typedDocument<
  { readonly jobInstanceUpdated: JobUpdate | null },
  { readonly ref: WatchedRef }
>(`subscription Watch($ref: JobInstanceRef!) {
  jobInstanceUpdated(ref: $ref) {
    __typename
    ... on JobInstance {
      name status statusCode phase isFinished startedAt finishedAt durationMs elapsedMs observedAt
      steps {
        name type status statusCode phase retryCount
        hostSummary { total pending running succeeded failed stopped unknown }
        hostGroups(by: [STATUS, TAG, EXIT_CODE], filter: { phases: [FAILED] }) {
          status statusCode tag exitCode count
          hostResults(first: ${HOSTS_PER_GROUP}) { nodes { ip ipv6 container { name } } }
        }
      }
    }
    ... on Problem { message upstreamRequestId }
    ... on PermissionDenied {
      application {
        systemId systemName
        actions {
          id name
          relatedResourceTypes { type typeName instances { id name type typeName } }
        }
      }
    }
  }
}`);

export interface WatchedJob {
  readonly __typename: "JobInstance";
  readonly name: string;
  readonly status: RunStatus;
  readonly statusCode: number;
  readonly phase: RunPhase;
  readonly isFinished: boolean;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
  readonly elapsedMs: number | null;
  readonly observedAt: string;
  readonly steps: readonly WatchedStep[];
}

export interface WatchedStep {
  readonly name: string;
  readonly type: StepType;
  readonly status: RunStatus;
  readonly statusCode: number;
  readonly phase: RunPhase;
  readonly retryCount: number;
  readonly hostSummary: {
    readonly total: number;
    readonly pending: number;
    readonly running: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly stopped: number;
    readonly unknown: number;
  };
  readonly hostGroups: readonly FailedGroup[];
}

export interface FailedGroup {
  readonly status: HostStatus;
  readonly statusCode: number;
  readonly tag: string | null;
  readonly exitCode: number | null;
  readonly count: number;
  readonly hostResults: { readonly nodes: readonly FailedHost[] };
}

export interface FailedHost {
  readonly ip: string | null;
  readonly ipv6: string | null;
  readonly container: { readonly name: string } | null;
}

interface ProblemFields {
  readonly message: string;
  readonly upstreamRequestId: string | null;
}

export interface NotFound extends ProblemFields {
  readonly __typename: "JobInstanceNotFound";
}

export interface Denied extends ProblemFields {
  readonly __typename: "PermissionDenied";
  readonly application: Application | null;
}

export interface Application {
  readonly systemId: string;
  readonly systemName: string | null;
  readonly actions: readonly {
    readonly id: string;
    readonly name: string | null;
    readonly relatedResourceTypes: readonly {
      readonly type: string;
      readonly typeName: string | null;
      readonly instances: readonly (readonly ResourceNode[])[];
    }[];
  }[];
}

interface ResourceNode {
  readonly id: string;
  readonly name: string | null;
  readonly type: string;
  readonly typeName: string | null;
}

/** A value of `jobInstanceUpdated`. */
export type JobUpdate = WatchedJob | NotFound | Denied;

/** Fields that change with every read although the job has not changed. */
const READING_FIELDS: ReadonlySet<string> = new Set(["observedAt", "elapsedMs", "upstreamRequestId"]);

/** A string to compare updates by: equal if the job has not changed. */
export const comparisonKeyOf = (update: JobUpdate): string =>
  JSON.stringify(update, (key, value: unknown) => (READING_FIELDS.has(key) ? undefined : value));
