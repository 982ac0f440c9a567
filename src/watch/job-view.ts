/** A job as it is shown, on a terminal and in lines: clean texts and counts. */
import type { RunPhase } from "../model/sdl.generated.ts";
import type { FailedGroup, FailedHost, JobState, StepState } from "./job-update.ts";
import { cleaned, formatDuration } from "./text.ts";

export interface JobView {
  readonly name: string;
  readonly status: StatusView;
  /** Milliseconds; null before the job began. */
  readonly elapsedMs: number | null;
  readonly isFinished: boolean;
  readonly observedAt: string;
  readonly steps: readonly StepView[];
}

export interface StatusView {
  readonly phase: RunPhase;
  /** The status's name, or its code where the schema does not know it. */
  readonly label: string;
  /** The phase is not the whole of it, as with skipped steps and ignored errors. */
  readonly isSpecial: boolean;
}

export interface StepView {
  readonly name: string;
  readonly status: StatusView;
  /** Steps of other kinds have none, ever. */
  readonly hasHosts: boolean;
  readonly hosts: StepState["hostSummary"];
  readonly done: number;
  /** Apart from succeeded ones: `1 failed`, `2 stopped`, `1 unknown`; the failed ones first. */
  readonly failed: string | null;
  readonly others: readonly string[];
  readonly groups: readonly GroupView[];
}

/** Failed hosts that are alike. */
export interface GroupView {
  readonly count: number;
  /** Such as `2 × SCRIPT_NON_ZERO_EXIT "disk full" exit code 1`. */
  readonly text: string;
  /** Names of the first of them, with an ellipsis where there are more. */
  readonly hosts: string;
}

export function viewOf(update: JobState): JobView {
  const job = cleaned(update);
  const { name, isFinished, durationMs, elapsedMs, observedAt, steps } = job;
  return {
    name,
    status: statusOf(job),
    elapsedMs: isFinished ? (durationMs ?? elapsedMs) : elapsedMs,
    isFinished,
    observedAt,
    steps: steps.map(viewOfStep),
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

const statusOf = ({ status, statusCode, phase }: JobState | StepState): StatusView => ({
  phase,
  label: labelOf(status, statusCode),
  isSpecial: !PHASES.has(status),
});

function viewOfStep(step: StepState): StepView {
  const { hostSummary: hosts, retryCount } = step;
  return {
    name: step.name,
    status: statusOf(step),
    hasHosts: step.type !== "MANUAL_CONFIRM",
    hosts,
    done: hosts.succeeded + hosts.failed + hosts.stopped,
    failed: hosts.failed > 0 ? `${hosts.failed} failed` : null,
    others: [
      ...(hosts.stopped > 0 ? [`${hosts.stopped} stopped`] : []),
      ...(hosts.unknown > 0 ? [`${hosts.unknown} unknown`] : []),
      ...(retryCount > 0 ? [`retry ${retryCount}`] : []),
    ],
    groups: step.hostGroups.map(viewOfGroup),
  };
}

function viewOfGroup({ status, statusCode, tag, exitCode, count, hostResults }: FailedGroup): GroupView {
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

/** Elapsed time for people; null before the job began. */
export const elapsedText = (elapsedMs: number | null): string | null =>
  elapsedMs === null ? null : formatDuration(elapsedMs);
