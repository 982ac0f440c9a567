/**
 * Loads the hosts of the step that the page shows, in pages, and again when its counts have changed. The subscription
 * carries only counts, because a step can have 50 000 hosts, and would carry all of them at every change.
 */
import type { JobClient } from "../../../client/job-client.ts";
import type { JobClientError } from "../../../client/job-client-error.ts";
import {
  HostCellsDocument,
  type HostCellsQueryVariables,
  type JobInstanceRef,
} from "../operations.generated.ts";
import { createReloader } from "../reloader.ts";
import { inSlices } from "../slices.ts";
import { createStore, type Store } from "../store.ts";
import { createHostCells, type HostCells } from "./host-cells.ts";

/** Hosts in one request: about 600 kB, which take a few milliseconds to parse. */
const HOSTS_PER_PAGE = 5_000;
/** Hosts that are written to the columns in one task. */
const HOSTS_PER_SLICE = 2_500;

export interface LoadedHosts {
  readonly cells: HostCells;
  /** Increases whenever cells have changed. */
  readonly version: number;
  /** Number of hosts that have been loaded. Those of an earlier load count until they are replaced. */
  readonly loaded: number;
  readonly error: JobClientError | null;
}

export interface HostLoader {
  readonly hosts: Store<LoadedHosts>;
  /**
   * Shows the hosts of a step.
   * @param fingerprint of its counts. The hosts are loaded again when it changes.
   * @param observedAt when the gateway has read these counts.
   */
  readonly show: (stepInstanceId: string, fingerprint: string, observedAt: string) => void;
  readonly stop: () => void;
}

export function createHostLoader(client: JobClient, ref: JobInstanceRef): HostLoader {
  const hosts = createStore<LoadedHosts>({
    cells: createHostCells(0),
    version: 0,
    loaded: 0,
    error: null,
  });
  const update = (changes: Partial<LoadedHosts>) =>
    hosts.set({ ...hosts.get(), version: hosts.get().version + 1, ...changes });
  let target = "";

  const { show, stop } = createReloader({
    load: (request, signal) =>
      loadStep(client, { ref, stepInstanceId: request.target }, { hosts, update }, signal),
    onError: (error) => update({ error }),
  });

  return {
    hosts,
    stop,
    show: (stepInstanceId, fingerprint, observedAt) => {
      if (stepInstanceId !== target) update({ cells: createHostCells(0), loaded: 0, error: null });
      target = stepInstanceId;
      show({ target, fingerprint, observedAt });
    },
  };
}

interface StepRef {
  readonly ref: JobInstanceRef;
  readonly stepInstanceId: string;
}

interface Destination {
  readonly hosts: Store<LoadedHosts>;
  readonly update: (changes: Partial<LoadedHosts>) => void;
}

/**
 * Loads all pages. Earlier hosts stay visible until they are replaced.
 * @returns when the gateway has read the first page: it has read the others later, or at the same time.
 */
async function loadStep(
  client: JobClient,
  { ref, stepInstanceId }: StepRef,
  { hosts, update }: Destination,
  signal: AbortSignal,
): Promise<string | null> {
  let at = 0;
  let observedAt: string | null = null;
  let after: string | null = null;
  for (;;) {
    const variables: Omit<HostCellsQueryVariables, "ref"> = { stepInstanceId, first: HOSTS_PER_PAGE, after };
    const job = await client.jobInstance(ref, HostCellsDocument, { variables, signal });
    const page = "step" in job ? job.step?.hostResults : undefined;
    // The subscription tells why there is no such step any more.
    if (page === undefined || !("observedAt" in job)) return null;
    observedAt ??= job.observedAt;
    const { nodes, totalCount, pageInfo } = page;
    const { cells: last, loaded } = hosts.get();
    // The order of hosts is stable: the rows of the same hosts are written again.
    const isSame = last.total === totalCount;
    const cells = isSame ? last : createHostCells(totalCount);
    const offset = at;
    const write = (from: number, to: number) => cells.write(offset + from, nodes.slice(from, to));
    if (!(await inSlices(nodes.length, HOSTS_PER_SLICE, write, signal))) return null;
    at += nodes.length;
    update({ cells, loaded: isSame ? Math.max(at, loaded) : at, error: null });
    if (!pageInfo.hasNextPage) return observedAt;
    after = pageInfo.endCursor;
  }
}
