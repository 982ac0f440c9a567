/** The job itself: name, status, times, progress. */
import type { JobOverviewFragment } from "../operations.generated.ts";
import { formatDuration, formatTime, runStatusText, useLanguage, useTexts } from "../texts/language.ts";
import { elapsedAt } from "./clock.ts";
import { StatusIcon } from "./phase-icon.tsx";
import type { Clock } from "./step-list.tsx";
import { lookOf } from "./visuals.ts";

/** Whether updates arrive, will arrive again, or have ended. */
export type Connection = "live" | "lost" | "ended";

interface JobHeaderProps {
  readonly job: JobOverviewFragment;
  readonly clock: Clock;
  readonly connection: Connection;
  readonly onCheckAgain: () => void;
}

export function JobHeader({ job, clock, connection, onCheckAgain }: JobHeaderProps) {
  const texts = useTexts();
  const language = useLanguage();
  const look = lookOf(job);
  const elapsed = elapsedAt(job, clock);
  return (
    <section class="job" aria-labelledby="job-name">
      <div class="job-title">
        <h1 id="job-name">{job.name}</h1>
        <span class={`badge look-${look}`}>
          <StatusIcon look={look} />
          {runStatusText(texts, job.status, job.statusCode)}
        </span>
        {connection === "live" && <span class="live">{texts.live}</span>}
        {job.url !== null && (
          <a class="site" href={job.url} target="_blank" rel="noreferrer">
            {texts.openInJob}
          </a>
        )}
        {connection === "ended" && (
          <button type="button" class="quiet" onClick={onCheckAgain}>
            {texts.checkAgain}
          </button>
        )}
      </div>
      <dl class="facts">
        <Fact name={job.scope.type === "BIZ_SET" ? texts.businessSet : texts.business} value={job.scope.id} />
        <Fact name={texts.job} value={job.jobInstanceId} />
        <Fact
          name={texts.startedAt}
          value={job.startedAt === null ? texts.notStarted : formatTime(job.startedAt)}
        />
        {job.isFinished && job.finishedAt !== null && (
          <Fact name={texts.finishedAt} value={formatTime(job.finishedAt)} />
        )}
        {elapsed !== null && <Fact name={texts.duration} value={formatDuration(elapsed, language)} />}
      </dl>
    </section>
  );
}

const Fact = ({ name, value }: { readonly name: string; readonly value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);
