/** Loads one page of the table of hosts, and again when the counts of the step have changed. */
import type { JobClient } from "../../../client/job-client.ts";
import type { JobClientError } from "../../../client/job-client-error.ts";
import {
  type HostResultFilter,
  type HostResultOrder,
  type HostRowFragment,
  HostRowsDocument,
  type JobInstanceRef,
} from "../operations.generated.ts";
import { createReloader, type Reloader, type Shown } from "../reloader.ts";
import { createStore, type Store } from "../store.ts";
import type { HostFilter } from "./select-rows.ts";

export const ROWS_PER_PAGE = 20;

interface RowsRequest extends Shown {
  readonly stepInstanceId: string;
  readonly filter: HostResultFilter;
  readonly orderBy: HostResultOrder | null;
  readonly after: string | null;
}

export interface LoadedRows {
  /** The `target` of the request. Empty before the first page. */
  readonly target: string;
  readonly rows: readonly HostRowFragment[];
  readonly totalCount: number;
  /** The cursor of the next page. Null on the last page. */
  readonly next: string | null;
  readonly error: JobClientError | null;
}

export interface RowLoader extends Reloader<RowsRequest> {
  readonly rows: Store<LoadedRows>;
}

export function createRowLoader(client: JobClient, ref: JobInstanceRef): RowLoader {
  const rows = createStore<LoadedRows>({ target: "", rows: [], totalCount: 0, next: null, error: null });
  const reloader = createReloader<RowsRequest>({
    load: async ({ target, stepInstanceId, filter, orderBy, after }, signal) => {
      const variables = { stepInstanceId, filter, orderBy, first: ROWS_PER_PAGE, after };
      const job = await client.jobInstance(ref, HostRowsDocument, { variables, signal });
      const page = "step" in job ? job.step?.hostResults : undefined;
      // The subscription tells why there is no such step any more.
      if (page === undefined || !("observedAt" in job)) return null;
      const { nodes, totalCount, pageInfo } = page;
      const next = pageInfo.hasNextPage ? pageInfo.endCursor : null;
      rows.set({ target, rows: nodes, totalCount, next, error: null });
      return job.observedAt;
    },
    onError: (error) => rows.set({ ...rows.get(), error }),
  });
  return { ...reloader, rows };
}

/** The condition of the gateway for a filter of the page. Without phase and group: hosts that failed. */
export const toResultFilter = ({ phase, group, address }: HostFilter): HostResultFilter => ({
  ...(group === null && { phases: [phase ?? "FAILED"] }),
  ...(group !== null && { statusCodes: [group.statusCode], tags: [group.tag] }),
  ...(phase !== null && group !== null && { phases: [phase] }),
  ...(address !== "" && { ipContains: address }),
});
