/** The view model of a job for all displays: sanitized strings and counts. */
import type { RunPhase } from "../model/sdl.generated.ts";
import type { FailedGroup, FailedHost, WatchedJob, WatchedStep } from "./job-update.ts";
import { formatDuration, sanitizeAll } from "./text.ts";

export interface JobView {
  readonly name: string;
  readonly status: StatusView;
  /** In milliseconds. Null before the job has started. */
  readonly elapsedMs: number | null;
  readonly isFinished: boolean;
  readonly observedAt: string;
  readonly steps: readonly StepView[];
}

export interface StatusView {
  readonly phase: RunPhase;
  /** Name of the status, or its code if the schema does not know it. */
  readonly label: string;
  /** True if the phase does not describe the status fully, as for skipped steps and ignored errors. */
  readonly isSpecial: boolean;
}

export interface StepView {
  readonly name: string;
  readonly status: StatusView;
  /** False for types of steps that never run on hosts. */
  readonly hasHosts: boolean;
  readonly hosts: WatchedStep["hostSummary"];
  readonly done: number;
  /** Such as `1 failed`. */
  readonly failed: string | null;
  /** Such as `2 stopped`, `1 unknown` and `retry 1`. */
  readonly others: readonly string[];
  readonly groups: readonly GroupView[];
}

/** Failed hosts with the same status, tag and exit code. */
export interface GroupView {
  readonly count: number;
  /** Such as `2 × SCRIPT_NON_ZERO_EXIT "disk full" exit code 1`. */
  readonly text: string;
  /** Names of the first hosts, with an ellipsis if there are more. */
  readonly hosts: string;
}

export function toJobView(update: WatchedJob): JobView {
  const job = sanitizeAll(update);
  const { name, isFinished, durationMs, elapsedMs, observedAt, steps } = job;
  return {
    name,
    status: toStatusView(job),
    elapsedMs: isFinished ? (durationMs ?? elapsedMs) : elapsedMs,
    isFinished,
    observedAt,
    steps: steps.map(toStepView),
  };
}

const PHASES: ReadonlySet<string> = new Set<RunPhase>([
  "PENDING",
  "RUNNING",
  "SUCCEEDED",
  "FAILED",
  "STOPPED",
]);

const labelOf = (status: string, code: number): string =>
  status === "UNRECOGNIZED" ? `status ${code}` : status;

const toStatusView = ({ status, statusCode, phase }: WatchedJob | WatchedStep): StatusView => ({
  phase,
  label: labelOf(status, statusCode),
  isSpecial: !PHASES.has(status),
});

function toStepView(step: WatchedStep): StepView {
  const { hostSummary: hosts, retryCount } = step;
  return {
    name: step.name,
    status: toStatusView(step),
    hasHosts: step.type !== "MANUAL_CONFIRM",
    hosts,
    done: hosts.succeeded + hosts.failed + hosts.stopped,
    failed: hosts.failed > 0 ? `${hosts.failed} failed` : null,
    others: [
      ...(hosts.stopped > 0 ? [`${hosts.stopped} stopped`] : []),
      ...(hosts.unknown > 0 ? [`${hosts.unknown} unknown`] : []),
      ...(retryCount > 0 ? [`retry ${retryCount}`] : []),
    ],
    groups: step.hostGroups.map(toGroupView),
  };
}

function toGroupView({ status, statusCode, tag, exitCode, count, hostResults }: FailedGroup): GroupView {
  const names = hostResults.nodes.flatMap(nameOf);
  const parts = [
    `${count} × ${labelOf(status, statusCode)}`,
    ...(tag === null ? [] : [`"${tag}"`]),
    ...(exitCode === null ? [] : [`exit code ${exitCode}`]),
  ];
  const hosts = names.join(", ");
  return {
    count,
    text: parts.join(" "),
    hosts: names.length > 0 && names.length < count ? `${hosts}, …` : hosts,
  };
}

const nameOf = ({ ip, ipv6, container }: FailedHost): readonly string[] => {
  const name = ip ?? ipv6 ?? container?.name;
  return name ? [name] : [];
};

/** Formatted elapsed time. Null before the job has started. */
export const elapsedText = (elapsedMs: number | null): string | null =>
  elapsedMs === null ? null : formatDuration(elapsedMs);
