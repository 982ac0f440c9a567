/** A job with the step that is open. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { JobClient } from "../../../client/job-client.ts";
import type { JobSnapshot } from "../follow-job.ts";
import { createHostLoader } from "../hosts/load-hosts.ts";
import type { JobInstanceRef } from "../operations.generated.ts";
import { useNow } from "./clock.ts";
import { type Connection, JobHeader } from "./job-header.tsx";
import { StepList, stepToOpen } from "./step-list.tsx";
import { StepPanel } from "./step-panel.tsx";

interface JobViewProps {
  readonly client: JobClient;
  readonly jobRef: JobInstanceRef;
  readonly snapshot: JobSnapshot;
  readonly connection: Connection;
  readonly onCheckAgain: () => void;
}

export function JobView({ client, jobRef, snapshot, connection, onCheckAgain }: JobViewProps) {
  const { job, receivedAt } = snapshot;
  // Without a connection, nobody knows whether the job still runs.
  const clock = { receivedAt, now: useNow(!job.isFinished && connection === "live") };
  const loader = useMemo(() => createHostLoader(client, jobRef), [client, jobRef]);
  useEffect(() => loader.stop, [loader]);
  const [chosenId, setChosenId] = useState<string | null>(null);
  const chosen = job.steps.find(({ stepInstanceId }) => stepInstanceId === chosenId);
  const openId = chosen?.stepInstanceId ?? stepToOpen(job.steps);
  const open = job.steps.find(({ stepInstanceId }) => stepInstanceId === openId);
  return (
    <>
      <JobHeader job={job} clock={clock} connection={connection} onCheckAgain={onCheckAgain} />
      <div class="columns">
        <StepList job={job} openId={openId} onOpen={setChosenId} clock={clock} />
        {open && (
          <StepPanel
            key={openId}
            client={client}
            jobRef={jobRef}
            loader={loader}
            step={open}
            observedAt={job.observedAt}
          />
        )}
      </div>
    </>
  );
}
