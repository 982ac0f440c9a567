/** Built-in jobs that show the states of a job, for the start page of the gateway. */
import { SCRIPTED_JOBS } from "./scripted-jobs.ts";

interface DemoJob {
  readonly scopeType: string;
  readonly scopeId: string;
  readonly jobInstanceId: string;
  readonly title: string;
}

/** In the order of the page: the one that changes comes first. */
const IDS = [
  "20000000003",
  "20000000002",
  "20000000001",
  "20000000004",
  "20000000006",
  "20000000007",
  "20000000403",
];

export const DEMO_JOBS: readonly DemoJob[] = IDS.flatMap((jobInstanceId) => {
  const job = SCRIPTED_JOBS.find(({ id }) => id === jobInstanceId);
  const [scopeType = "", scopeId = ""] = job?.scope.split(":") ?? [];
  return job ? [{ scopeType, scopeId, jobInstanceId, title: job.title }] : [];
});
