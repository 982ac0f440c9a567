/** Results of the tools from jobs: bounded lists, without nulls in long ones. */
import type {
  FailedHost,
  FailureGroup,
  JobFailures,
  JobState,
  JobStepFailures,
  StepFailures,
  StepState,
} from "./documents.ts";
import { ToolFailure } from "./job-source.ts";
import {
  type FailedHostsResult,
  type FailedStep,
  MAX_FAILED_STEPS,
  MAX_GROUPS,
  MAX_STEPS,
  type StatusResult,
} from "./schemas.ts";

/** @throws ToolFailure if the job has no step `stepsAfter` */
export function toStatusResult(job: JobState, stepsAfter: string | null): StatusResult {
  const { scope, steps: all } = job;
  const start = stepsAfter === null ? 0 : all.findIndex((step) => step.stepInstanceId === stepsAfter) + 1;
  if (stepsAfter !== null && start === 0) {
    throw new ToolFailure(`Expected stepsAfter to be the ID of a step of the job, got ${stepsAfter}.`);
  }
  const steps = all.slice(start, start + MAX_STEPS);
  const moreSteps = all.length - start - steps.length;
  const { jobInstanceId, name, phase, isFinished, createdAt, startedAt, finishedAt, elapsedMs, observedAt } =
    job;
  return {
    jobInstanceId,
    scopeType: scope.type,
    scopeId: scope.id,
    name: shorten(name),
    ...statusOf(job),
    phase,
    isFinished,
    createdAt,
    startedAt,
    finishedAt,
    elapsedMs,
    observedAt,
    steps: steps.map(toStep),
    moreSteps,
    nextStepsAfter: moreSteps > 0 ? (steps.at(-1)?.stepInstanceId ?? null) : null,
  };
}

const toStep = (step: StepState): StatusResult["steps"][number] => {
  const { stepInstanceId, name, type, phase, retryCount, startedAt, finishedAt, elapsedMs, hostSummary } =
    step;
  return {
    stepInstanceId,
    name: shorten(name),
    type,
    ...statusOf(step),
    phase,
    retryCount,
    startedAt,
    finishedAt,
    elapsedMs,
    ...(hostSummary && { hosts: hostSummary }),
  };
};

/** @throws ToolFailure if the job does not have the step that was asked for */
export function toFailedHostsResult(job: JobFailures | JobStepFailures): FailedHostsResult {
  if ("step" in job && job.step === null) {
    throw new ToolFailure(
      "Expected stepInstanceId to be the ID of a step of the job, and after to be the nextCursor of that step. Call get_job_status for the steps.",
    );
  }
  const all = "steps" in job ? job.steps.filter(hasFailedHosts) : job.step ? [job.step] : [];
  const steps = all.slice(0, MAX_FAILED_STEPS);
  const { jobInstanceId, name, phase, isFinished, observedAt } = job;
  return {
    jobInstanceId,
    name: shorten(name),
    ...statusOf(job),
    phase,
    isFinished,
    observedAt,
    steps: steps.map(toFailedStep),
    moreSteps: all.length - steps.length,
  };
}

const hasFailedHosts = ({ hostResults }: StepFailures): boolean => hostResults.totalCount > 0;

function toFailedStep(step: StepFailures): FailedStep {
  const { stepInstanceId, name, type, phase, hostGroups, hostResults } = step;
  const { totalCount, nodes, pageInfo } = hostResults;
  const groups = hostGroups.toSorted((a, b) => b.count - a.count).slice(0, MAX_GROUPS);
  return {
    stepInstanceId,
    name: shorten(name),
    type,
    ...statusOf(step),
    phase,
    failedHosts: totalCount,
    groups: groups.map((group) => ({ ...statusOf(group), ...causeOf(group), count: group.count })),
    moreGroups: hostGroups.length - groups.length,
    hosts: nodes.map(toFailedHost),
    nextCursor: pageInfo.hasNextPage ? pageInfo.endCursor : null,
  };
}

function toFailedHost(host: FailedHost): FailedStep["hosts"][number] {
  const { ip, ipv6, container, hostId, cloudId, isAgentAlive } = host;
  return {
    host: container ? shorten(container.name) : (ip ?? ipv6 ?? "unknown"),
    ...(hostId !== null && { hostId }),
    ...(cloudId !== null && { cloudId }),
    ...(isAgentAlive !== null && { isAgentAlive }),
    ...statusOf(host),
    ...causeOf(host),
  };
}

/** The code only for a status that has no name. */
const statusOf = ({ status, statusCode }: { readonly status: string; readonly statusCode: number }) => ({
  status,
  ...(status === "UNRECOGNIZED" && { statusCode }),
});

const causeOf = ({ tag, exitCode }: Pick<FailureGroup, "tag" | "exitCode">) => ({
  ...(exitCode !== null && { exitCode }),
  ...(tag !== null && { tag: shorten(tag) }),
});

/** Names and tags are text of users and of scripts, of any length. */
const MAX_TEXT_LENGTH = 200;

const shorten = (text: string): string =>
  text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH).toWellFormed()}…` : text;
