/** The open step: its hosts as groups, as a grid and as a table. */
import { useEffect, useState } from "preact/hooks";
import type { JobClient } from "../../../client/job-client.ts";
import { HostGrid } from "../grid/host-grid.tsx";
import { CELL_SIZES } from "../grid/layout.ts";
import type { HostCells } from "../hosts/host-cells.ts";
import type { HostLoader, LoadedHosts } from "../hosts/load-hosts.ts";
import { type HostFilter, type HostOrder, NO_FILTER, selectRows } from "../hosts/select-rows.ts";
import type { JobInstanceRef, StepOverviewFragment } from "../operations.generated.ts";
import { useStore } from "../store.ts";
import { formatNumber, useLanguage, useTexts } from "../texts/language.ts";
import { GridToolbar } from "./grid-toolbar.tsx";
import { HostGroups, HostPhases } from "./host-groups.tsx";
import { HostTable } from "./host-table.tsx";

interface StepPanelProps {
  readonly client: JobClient;
  readonly jobRef: JobInstanceRef;
  readonly loader: HostLoader;
  readonly step: StepOverviewFragment;
  /** When the gateway has read the step. */
  readonly observedAt: string;
}

/** The hosts of a step have changed if this has. */
const fingerprintOf = ({ retryCount, hostSummary, hostGroups }: StepOverviewFragment): string =>
  JSON.stringify([retryCount, hostSummary, hostGroups]);

export function StepPanel({ client, jobRef, loader, step, observedAt }: StepPanelProps) {
  const texts = useTexts();
  const [filter, setFilter] = useState(NO_FILTER);
  const { stepInstanceId, hostSummary } = step;
  const fingerprint = fingerprintOf(step);
  const hasHosts = hostSummary.total > 0;
  useEffect(() => {
    if (hasHosts) loader.show(stepInstanceId, fingerprint, observedAt);
  }, [loader, stepInstanceId, fingerprint, observedAt, hasHosts]);

  return (
    <section class="panel" aria-labelledby="panel-title">
      <h2 id="panel-title">
        {step.name} <small>{texts.hostCount(hostSummary.total)}</small>
        {step.url !== null && (
          <a class="site" href={step.url} target="_blank" rel="noreferrer">
            {texts.openInJob}
          </a>
        )}
      </h2>
      {hasHosts ? (
        <>
          <HostPhases step={step} filter={filter} onFilter={setFilter} />
          <Hosts loader={loader} step={step} filter={filter} onFilter={setFilter} />
          <HostGroups step={step} filter={filter} onFilter={setFilter} />
          <HostTable
            client={client}
            jobRef={jobRef}
            step={step}
            filter={filter}
            fingerprint={fingerprint}
            observedAt={observedAt}
          />
        </>
      ) : (
        <p class="empty">{emptyText(step, texts)}</p>
      )}
    </section>
  );
}

function emptyText({ type, startedAt }: StepOverviewFragment, texts: ReturnType<typeof useTexts>): string {
  if (type === "MANUAL_CONFIRM") return texts.noHostsConfirm;
  return startedAt === null ? texts.noHostsYet : texts.noHosts;
}

interface HostsProps {
  readonly loader: HostLoader;
  readonly step: StepOverviewFragment;
  readonly filter: HostFilter;
  readonly onFilter: (filter: HostFilter) => void;
}

function Hosts({ loader, step, filter, onFilter }: HostsProps) {
  const texts = useTexts();
  const language = useLanguage();
  const hosts = useStore(loader.hosts);
  const [order, setOrder] = useState<HostOrder>("STEP");
  const [cellSize, setCellSize] = useState<number | null>(null);
  const { cells, rows } = useSelection(hosts, filter, order);
  const isComplete = cells.total > 0 && hosts.loaded >= cells.total;
  return (
    <div class="hosts">
      <GridToolbar
        cells={cells}
        rows={rows}
        filter={filter}
        onFilter={onFilter}
        order={order}
        onOrder={setOrder}
        cellSize={cellSize}
        onCellSize={setCellSize}
        sizes={CELL_SIZES}
      />
      {hosts.error !== null && (
        <p class="note" role="alert">
          {texts.hostsFailed} {hosts.error.message}
        </p>
      )}
      {!isComplete && hosts.error === null && (
        <p class="note">
          {texts.loadingHosts(
            formatNumber(hosts.loaded, language),
            formatNumber(step.hostSummary.total, language),
          )}
        </p>
      )}
      {isComplete && rows.length === 0 && <p class="empty">{texts.noMatch}</p>}
      {rows.length > 0 && (
        <HostGrid cells={cells} rows={rows} cellSize={cellSize} label={texts.hostsOf(step.name)} />
      )}
    </div>
  );
}

interface Selection {
  readonly cells: HostCells;
  readonly rows: Uint32Array;
}

/** The rows that the grid shows. The last ones stay until the next ones are known. */
function useSelection(hosts: LoadedHosts, filter: HostFilter, order: HostOrder): Selection {
  const { cells, version } = hosts;
  const [selection, setSelection] = useState<Selection>({ cells, rows: new Uint32Array() });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says that the cells have changed
  useEffect(() => {
    const next = new AbortController();
    selectRows(cells, filter, order, next.signal).then((rows) => {
      if (rows !== null) setSelection({ cells, rows });
    });
    return () => next.abort();
  }, [cells, version, filter, order]);
  // Rows of other cells would show other hosts.
  return selection.cells === cells ? selection : { cells, rows: new Uint32Array() };
}
