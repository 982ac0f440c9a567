/** A job with its steps, or the outcome without a job. */
import type { JobInstanceRef, JobInstanceResult } from "bk-job-graphql/client";
import type { RunPhase } from "bk-job-graphql/schema";
import { useState } from "react";
import { Failure } from "./errors.tsx";
import { FailedHosts } from "./failed-hosts.tsx";
import { type LiveJob, useJob } from "./use-job.ts";

type JobInstance = Extract<JobInstanceResult, { readonly __typename: "JobInstance" }>;
type Step = JobInstance["steps"][number];
type PermissionDenied = Extract<JobInstanceResult, { readonly __typename: "PermissionDenied" }>;

const PHASES: Readonly<Record<RunPhase, string>> = {
  PENDING: "Waiting",
  RUNNING: "Running",
  WAITING_USER: "Waiting for a user",
  SUCCEEDED: "Succeeded",
  FAILED: "Failed",
  STOPPED: "Stopped",
  UNKNOWN: "Unknown",
};

const CONNECTIONS: Readonly<Record<LiveJob["connection"], string>> = {
  connecting: "Connecting…",
  live: "Live",
  lost: "Connection lost. Reconnecting…",
  ended: "Not updated any more",
};

interface JobProps {
  readonly jobRef: JobInstanceRef;
}

export function Job({ jobRef }: JobProps) {
  const { result, connection, error, retry } = useJob(jobRef);
  return (
    <>
      {error && <Failure error={error} onRetry={retry} />}
      {!result && !error && <p role="status">Loading…</p>}
      {result?.__typename === "JobInstance" && (
        <article>
          <h2>{result.name}</h2>
          <p role="status">
            <Phase phase={result.phase} /> · {CONNECTIONS[connection]}
          </p>
          {connection === "ended" && (
            <button type="button" onClick={retry}>
              Check again
            </button>
          )}
          <ol>
            {result.steps.map((step) => (
              <li key={step.id}>
                <StepDetails jobRef={jobRef} step={step} />
              </li>
            ))}
          </ol>
        </article>
      )}
      {result?.__typename === "PermissionDenied" && <Denied result={result} />}
      {result?.__typename === "JobInstanceNotFound" && (
        <p role="alert" className="problem">
          {result.message}
        </p>
      )}
    </>
  );
}

const Phase = ({ phase }: { readonly phase: RunPhase }) => <b className={phase}>{PHASES[phase]}</b>;

interface StepProps extends JobProps {
  readonly step: Step;
}

/** The hosts of a failed step are shown at once, those of other steps on demand. */
function StepDetails({ jobRef, step }: StepProps) {
  const [choice, setChoice] = useState<boolean | null>(null);
  const isOpen = choice ?? step.phase === "FAILED";
  // Manual confirmations run on no hosts.
  const hasHosts = step.type !== "MANUAL_CONFIRM" && step.phase !== "PENDING";
  return (
    <>
      <h3>
        {step.name} <Phase phase={step.phase} />
        {step.retryCount > 0 && ` (retry ${step.retryCount})`}
      </h3>
      {hasHosts && (
        <button type="button" aria-expanded={isOpen} onClick={() => setChoice(!isOpen)}>
          Failed hosts
        </button>
      )}
      {/* Another state of the step has other hosts: the key makes React load them. */}
      {hasHosts && isOpen && (
        <FailedHosts
          key={`${step.status} ${step.retryCount}`}
          jobRef={jobRef}
          stepInstanceId={step.stepInstanceId}
        />
      )}
    </>
  );
}

/** What the user can apply for, if the upstream says so. */
const Denied = ({ result: { message, application } }: { readonly result: PermissionDenied }) => (
  <div role="alert" className="problem">
    <p>{message}</p>
    {application && (
      <>
        <p>Apply for these permissions in {application.systemName ?? application.systemId}:</p>
        <ul>
          {application.actions.map(({ id, name, relatedResourceTypes }) => (
            <li key={id}>
              {name ?? id}
              {relatedResourceTypes
                .flatMap(({ instances }) => instances)
                .map((path) => `: ${path.map((node) => node.name ?? node.id).join(" / ")}`)}
            </li>
          ))}
        </ul>
      </>
    )}
  </div>
);
