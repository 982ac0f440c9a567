/** Source objects of types that are not objects of the model: what a resolver returns for its child fields. */
import type { HostConnection } from "../model/host-connection.ts";
import type { HostGroup } from "../model/host-group.ts";
import type { HostResult } from "../model/host-result.ts";
import type { HostResults } from "../model/host-results.ts";
import type { StepInstance } from "../model/job-instance.ts";
import type { HostStatus, RunStatus } from "../model/sdl.generated.ts";
import type { Summary } from "../model/summary.ts";

export interface HostResultSource extends HostResult {
  readonly step: StepInstance;
  /** Row number in the table of the step. */
  readonly row: number;
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

/** Computed for the first selected count, because `__typename` alone must not require host results. */
export interface HostSummarySource {
  readonly summary: () => Summary<HostStatus>;
}

/** @throws Error if look-ahead did not request host results: a bug, which must not look like a step without hosts */
export function hostResultsOf({ path, hostResults }: StepInstance): HostResults {
  if (hostResults === null) throw new Error(`Expected look-ahead to request the host results of ${path}.`);
  return hostResults;
}
