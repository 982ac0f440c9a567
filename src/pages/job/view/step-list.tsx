/** The steps of the job as a timeline. One of them is open. */
import type { JobOverviewFragment, StepOverviewFragment } from "../operations.generated.ts";
import {
  formatDuration,
  formatNumber,
  formatTime,
  runStatusText,
  useLanguage,
  useTexts,
} from "../texts/language.ts";
import { elapsedAt } from "./clock.ts";
import { StatusIcon } from "./phase-icon.tsx";
import { finishedHosts, ProgressBar } from "./progress-bar.tsx";
import { lookOf } from "./visuals.ts";

interface StepListProps {
  readonly job: JobOverviewFragment;
  readonly openId: string;
  readonly onOpen: (stepInstanceId: string) => void;
  readonly clock: Clock;
}

export interface Clock {
  readonly receivedAt: number;
  readonly now: number;
}

export function StepList({ job, openId, onOpen, clock }: StepListProps) {
  const texts = useTexts();
  return (
    <nav class="steps" aria-label={texts.steps}>
      <h2>{texts.steps}</h2>
      {job.steps.length === 0 && <p class="empty">{texts.noSteps}</p>}
      <ol>
        {job.steps.map((step) => (
          <li key={step.stepInstanceId} class={`step look-${lookOf(step)}`}>
            <button
              type="button"
              class="step-button"
              aria-current={step.stepInstanceId === openId ? "step" : undefined}
              onClick={() => onOpen(step.stepInstanceId)}
            >
              <StatusIcon look={lookOf(step)} />
              <span class="step-name">{step.name}</span>
              <StepFacts step={step} clock={clock} />
              <StepHosts step={step} />
              <StepSpan job={job} step={step} clock={clock} />
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}

interface StepProps {
  readonly step: StepOverviewFragment;
}

function StepFacts({ step, clock }: StepProps & { readonly clock: Clock }) {
  const texts = useTexts();
  const language = useLanguage();
  const elapsed = elapsedAt(step, clock);
  const facts = [
    texts.stepTypes[step.type],
    runStatusText(texts, step.status, step.statusCode),
    ...(elapsed === null ? [] : [formatDuration(elapsed, language)]),
    ...(step.retryCount > 0 ? [texts.retries(step.retryCount)] : []),
  ];
  return (
    <span class="step-facts" title={step.startedAt === null ? texts.notStarted : formatTime(step.startedAt)}>
      {facts.join(" · ")}
    </span>
  );
}

function StepHosts({ step: { hostSummary } }: StepProps) {
  const texts = useTexts();
  const language = useLanguage();
  if (hostSummary.total === 0) return null;
  const number = (value: number) => formatNumber(value, language);
  return (
    <span class="step-hosts">
      <ProgressBar counts={hostSummary} />
      <span>
        {texts.finishedOf(number(finishedHosts(hostSummary)), number(hostSummary.total))}
        {hostSummary.failed > 0 && <strong class="bad"> · {texts.failedCount(hostSummary.failed)}</strong>}
      </span>
    </span>
  );
}

/** When the step ran, as a part of the time of the job. */
function StepSpan({
  job,
  step,
  clock,
}: StepProps & { readonly job: JobOverviewFragment; readonly clock: Clock }) {
  const total = elapsedAt(job, clock);
  const elapsed = elapsedAt(step, clock);
  if (job.startedAt === null || step.startedAt === null || !total || elapsed === null) return null;
  const limit = (share: number) => Math.min(1, Math.max(0, share));
  const start = limit((Date.parse(step.startedAt) - Date.parse(job.startedAt)) / total);
  const length = Math.min(1 - start, limit(elapsed / total));
  return (
    <span class="span" aria-hidden="true">
      <span class="span-part" style={{ left: `${start * 100}%`, width: `${length * 100}%` }} />
    </span>
  );
}

/** The step that is open until the user chooses one: the one that needs attention. */
export function stepToOpen(steps: readonly StepOverviewFragment[]): string {
  const step =
    steps.find(({ phase }) => phase === "RUNNING" || phase === "WAITING_USER") ??
    steps.find(({ phase }) => phase === "FAILED") ??
    steps.findLast(({ startedAt }) => startedAt !== null) ??
    steps[0];
  return step?.stepInstanceId ?? "";
}
