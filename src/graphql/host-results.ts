/** The one way to a step's host results. */
import type { HostResults } from "../model/host-results.ts";
import type { StepInstance } from "../model/job-instance.ts";

/** @throws Error when the operation's needs left them out: a fault of ours that must never read as "no hosts". */
export function hostResultsOf({ path, hostResults }: StepInstance): HostResults {
  if (hostResults === null)
    throw new Error(`Expected the needs of the operation to include host results of ${path}.`);
  return hostResults;
}
