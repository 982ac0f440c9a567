/** What resolvers hand to the resolvers of the fields below, where that is more than a thing of the model. */
import type { HostConnection } from "../model/host-connection.ts";
import type { HostGroup } from "../model/host-group.ts";
import type { HostResult } from "../model/host-result.ts";
import type { HostResults } from "../model/host-results.ts";
import type { StepInstance } from "../model/job-instance.ts";
import type { HostStatus, RunStatus } from "../model/sdl.generated.ts";
import type { Summary } from "../model/summary.ts";

export interface HostResultSource {
  readonly step: StepInstance;
  /** Number of the row in the step's table. */
  readonly row: number;
  readonly result: HostResult;
}

export interface HostConnectionSource {
  readonly step: StepInstance;
  readonly connection: HostConnection;
}

export interface HostEdgeSource extends HostConnectionSource {
  readonly row: number;
}

export interface HostGroupSource {
  readonly step: StepInstance;
  readonly group: HostGroup;
}

export type RunSummarySource = Summary<RunStatus>;

/** Computed when the first count is asked for: `__typename` alone must not need host results. */
export interface HostSummarySource {
  readonly summary: () => Summary<HostStatus>;
}

/** @throws Error when look-ahead left them out: a fault of ours that must never read as "no hosts". */
export function hostResultsOf({ path, hostResults }: StepInstance): HostResults {
  if (hostResults === null) throw new Error(`Expected look-ahead to require the host results of ${path}.`);
  return hostResults;
}
