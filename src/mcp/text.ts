/** Results of the tools as text, for agents that do not read structured results. */
import { formatDuration, sanitize } from "../watch/text.ts";
import type { FailedHostsResult, FailedStep, StatusResult } from "./schemas.ts";

type Step = StatusResult["steps"][number];

/** The job, one line for each step, and what to call next. */
export function statusText(job: StatusResult, note: string | null): string {
  const { jobInstanceId, scopeType, scopeId, name, elapsedMs, isFinished, moreSteps, nextStepsAfter } = job;
  const elapsed = elapsedMs === null ? "" : ` ${isFinished ? "after" : "for"} ${formatDuration(elapsedMs)}`;
  const state = `${statusName(job)}${elapsed}, ${isFinished ? "finished" : "not finished"}`;
  return lines([
    `Job ${jobInstanceId} ${quoted(name)} in ${scopeType} ${scopeId}: ${state}. Observed at ${job.observedAt}.`,
    ...job.steps.map(stepLine),
    moreSteps > 0 &&
      `${moreSteps} more steps: call get_job_status with stepsAfter ${JSON.stringify(nextStepsAfter)}.`,
    hasFailed(job) && "Call list_failed_hosts for the failed hosts and their exit codes.",
    note,
  ]);
}

const hasFailed = ({ phase, steps }: StatusResult): boolean =>
  phase === "FAILED" || steps.some(({ hosts }) => (hosts?.failed ?? 0) > 0);

const stepLine = (step: Step): string => {
  const { stepInstanceId, name, type, retryCount, elapsedMs, hosts } = step;
  const remarks = [
    elapsedMs !== null && formatDuration(elapsedMs),
    retryCount > 0 && `retry ${retryCount}`,
    hosts && hosts.total > 0 && countsText(hosts),
  ].filter((remark) => typeof remark === "string");
  return `- Step ${stepInstanceId} ${quoted(name)} (${type}): ${[statusName(step), ...remarks].join(", ")}`;
};

/** For example `12 hosts (3 succeeded, 9 failed)`. */
function countsText({ total, ...counts }: NonNullable<Step["hosts"]>): string {
  const parts = Object.entries(counts).flatMap(([phase, count]) => (count > 0 ? `${count} ${phase}` : []));
  return `${total} hosts (${parts.join(", ")})`;
}

/** The job, and for each step its groups of failed hosts, its hosts, and how to get the following ones. */
export function failedHostsText(job: FailedHostsResult): string {
  const { jobInstanceId, name, isFinished, steps, moreSteps, observedAt } = job;
  const state = `${statusName(job)}, ${isFinished ? "finished" : "not finished"}`;
  return lines([
    `Job ${jobInstanceId} ${quoted(name)}: ${state}. Observed at ${observedAt}.`,
    steps.every(({ failedHosts }) => failedHosts === 0) &&
      `No failed hosts${isFinished ? "" : " so far"}. Call get_job_status for the steps.`,
    ...steps.flatMap(failedStepLines),
    moreSteps > 0 && `${moreSteps} more steps have failed hosts: call again with stepInstanceId.`,
  ]);
}

const failedStepLines = (step: FailedStep): readonly (string | false)[] => {
  const { stepInstanceId, name, type, failedHosts, groups, moreGroups, hosts, nextCursor } = step;
  if (failedHosts === 0) return [];
  return [
    `Step ${stepInstanceId} ${quoted(name)} (${type}): ${statusName(step)}, ${failedHosts} failed`,
    ...groups.map((group) => `  ${group.count} × ${causeText(group)}`),
    moreGroups > 0 && `  … ${moreGroups} more groups`,
    ...hosts.map((host) => `  - ${hostName(host)}: ${causeText(host)}`),
    nextCursor !== null &&
      `  More hosts: call again with stepInstanceId "${stepInstanceId}" and after ${JSON.stringify(nextCursor)}.`,
  ];
};

const hostName = ({ host, hostId, cloudId }: FailedStep["hosts"][number]): string => {
  const ids = [hostId && `host ID ${hostId}`, cloudId && cloudId !== "0" && `area ${cloudId}`].filter(
    Boolean,
  );
  return sanitize(host) + (ids.length > 0 ? ` (${ids.join(", ")})` : "");
};

interface Cause {
  readonly status: string;
  readonly statusCode?: number | undefined;
  readonly exitCode?: number | undefined;
  readonly tag?: string | undefined;
}

/** For example `SCRIPT_NON_ZERO_EXIT, exit code 1, tag "disk full"`. */
const causeText = (cause: Cause): string =>
  [
    statusName(cause),
    ...(cause.exitCode === undefined ? [] : [`exit code ${cause.exitCode}`]),
    ...(cause.tag === undefined ? [] : [`tag ${quoted(cause.tag)}`]),
  ].join(", ");

const statusName = ({ status, statusCode }: Pick<Cause, "status" | "statusCode">): string =>
  statusCode === undefined ? status : `${status} (${statusCode})`;

/** Text of users, on one line and in quotes, so that an agent sees where it ends. */
const quoted = (text: string): string => JSON.stringify(sanitize(text));

const lines = (parts: readonly (string | false | null)[]): string =>
  parts.filter((part) => typeof part === "string").join("\n");
