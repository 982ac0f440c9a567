/** Decoded job instances and steps. Times and durations are in milliseconds; null if the upstream sends no value. */
import type { HostResults } from "./host-results.ts";
import type { Int64 } from "./int64.ts";
import type { StepInstanceFilter } from "./sdl.generated.ts";
import { runStatus, stepType } from "./status.ts";

/** A resource scope with the upstream's values. */
export interface ResourceScope {
  /** `bk_scope_type`, unchanged. */
  readonly typeRaw: string;
  /** `bk_scope_id`. */
  readonly id: string;
}

/** Identifies a job instance. */
export interface JobRef {
  readonly scope: ResourceScope;
  /** A positive 64-bit integer in decimal, without leading zeros. */
  readonly jobInstanceId: string;
}

/** What a lookup requires from the upstream: only the status of the job, or its host results as well. */
export type RequiredData = "status" | "hosts";

/** The common fields of jobs and steps. */
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
  /** When the gateway received the response, in milliseconds since the epoch. */
  readonly observedAt: number;
  readonly upstreamRequestId: string | null;
}

export interface StepInstance extends Run {
  /** Unique among all steps of all jobs. The ids of the step and its host results are derived from it. */
  readonly path: string;
  readonly stepInstanceId: Int64;
  readonly typeCode: number;
  readonly retryCount: number;
  /** Same as that of the job. */
  readonly observedAt: number;
  /** Null if host results were not requested; empty if the step has none. */
  readonly hostResults: HostResults | null;
}

/** The permissions that a caller can apply for after a denial: `error.data`, from BlueKing IAM. */
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

/** Every result of a lookup that is not an error. */
export type JobOutcome = JobInstance | JobInstanceNotFound | PermissionDenied;

/** Identifies a job among all jobs: `biz/1/100`. */
export const jobPath = (scope: ResourceScope, jobInstanceId: Int64 | string): string =>
  `${scope.typeRaw}/${scope.id}/${jobInstanceId}`;

/**
 * Milliseconds from start to end, or to `observedAt` while the run is not finished. Null before the start, and for a
 * finished run without an end. Never negative, although the upstream's clock can be ahead.
 */
export function elapsedMs(run: Run & { readonly observedAt: number }): number | null {
  const end = run.finishedAt ?? (run.isFinished ? null : run.observedAt);
  return run.startedAt === null || end === null ? null : Math.max(0, end - run.startedAt);
}

/** The first step in phase RUNNING or WAITING_USER. */
export function currentStep(steps: readonly StepInstance[]): StepInstance | null {
  const isCurrent = ({ statusCode }: StepInstance) => {
    const { phase } = runStatus(statusCode);
    return phase === "RUNNING" || phase === "WAITING_USER";
  };
  return steps.find(isCurrent) ?? null;
}

/** The steps that match all conditions. A step matches a condition if it has any of its values. */
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
