/** A job instance and its steps, decoded: times and durations in milliseconds, null where the upstream is silent. */
import type { HostResults } from "./host-results.ts";
import type { Int64 } from "./int64.ts";
import type { StepInstanceFilter } from "./sdl.generated.ts";
import { runStatus, stepType } from "./status.ts";

/** A resource scope as the upstream names it. */
export interface ResourceScope {
  /** `bk_scope_type` exactly as sent. */
  readonly typeRaw: string;
  /** `bk_scope_id`. */
  readonly id: string;
}

/** What finds a job instance. */
export interface JobRef {
  readonly scope: ResourceScope;
  /** Positive 64-bit integer in decimal, without leading zeros. */
  readonly jobInstanceId: string;
}

/** What a lookup requires from the upstream: only the status of the job, or its host results as well. */
export type RequiredData = "status" | "hosts";

/** What jobs and steps have in common. */
interface Run {
  readonly name: string;
  readonly statusCode: number;
  readonly isFinished: boolean;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly durationMs: number | null;
}

export interface JobInstance extends Run {
  readonly kind: "job";
  readonly scope: ResourceScope;
  readonly jobInstanceId: Int64;
  readonly steps: readonly StepInstance[];
  /** When the gateway received this state, milliseconds since the epoch. */
  readonly observedAt: number;
  readonly upstreamRequestId: string | null;
}

export interface StepInstance extends Run {
  /** Unique among all steps of all jobs: where the step's own id and those of its host results come from. */
  readonly path: string;
  readonly stepInstanceId: Int64;
  readonly typeCode: number;
  readonly retryCount: number;
  /** The job's. */
  readonly observedAt: number;
  /** Null when host results were not asked for; empty when the step has none. */
  readonly hostResults: HostResults | null;
}

/** What the upstream offers to apply for when it denies access (`error.data` of BlueKing IAM). */
export interface IamApplication {
  readonly systemId: string;
  readonly systemName: string | null;
  readonly actions: readonly IamAction[];
}

export interface IamAction {
  readonly id: string;
  readonly name: string | null;
  readonly relatedResourceTypes: readonly IamRelatedResourceType[];
}

export interface IamRelatedResourceType {
  readonly systemId: string;
  readonly systemName: string | null;
  readonly type: string;
  readonly typeName: string | null;
  readonly instances: readonly (readonly IamResourceNode[])[];
}

export interface IamResourceNode {
  readonly id: string;
  readonly type: string;
  readonly name: string | null;
  readonly typeName: string | null;
}

export interface JobInstanceNotFound {
  readonly kind: "notFound";
  readonly message: string;
  readonly upstreamRequestId: string | null;
}

export interface PermissionDenied {
  readonly kind: "denied";
  readonly message: string;
  readonly upstreamRequestId: string | null;
  readonly application: IamApplication | null;
}

/** Every answer about a job that is not a failure. */
export type JobOutcome = JobInstance | JobInstanceNotFound | PermissionDenied;

/** `biz/1/100`: a job among all jobs that one caller can ask for. */
export const jobPath = (scope: ResourceScope, jobInstanceId: Int64 | string): string =>
  `${scope.typeRaw}/${scope.id}/${jobInstanceId}`;

/**
 * Milliseconds from start to end, or to `observedAt` while the run is not finished; null before it began, and
 * for a finished run without an end. Never negative: the upstream's clock can be ahead of ours.
 */
export function elapsedMs(run: Run & { readonly observedAt: number }): number | null {
  const end = run.finishedAt ?? (run.isFinished ? null : run.observedAt);
  return run.startedAt === null || end === null ? null : Math.max(0, end - run.startedAt);
}

/** The step that is running, stopping or waiting for a person: the first in phase RUNNING or WAITING_USER. */
export function currentStep(steps: readonly StepInstance[]): StepInstance | null {
  const isCurrent = ({ statusCode }: StepInstance) => {
    const { phase } = runStatus(statusCode);
    return phase === "RUNNING" || phase === "WAITING_USER";
  };
  return steps.find(isCurrent) ?? null;
}

/** The steps for which every given condition holds; within a condition any value will do. */
export function filterSteps(
  steps: readonly StepInstance[],
  filter: StepInstanceFilter | null | undefined,
): readonly StepInstance[] {
  const { statuses, phases, types } = filter ?? {};
  return steps.filter(({ statusCode, typeCode }) => {
    const status = runStatus(statusCode);
    return (
      (!statuses || statuses.includes(status.name)) &&
      (!phases || phases.includes(status.phase)) &&
      (!types || types.includes(stepType(typeCode)))
    );
  });
}
