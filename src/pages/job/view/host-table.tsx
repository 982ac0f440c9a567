/** A table of the failed hosts, or of those that match the filter, in pages. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { JobClient } from "../../../client/job-client.ts";
import { createRowLoader, type LoadedRows, ROWS_PER_PAGE, toResultFilter } from "../hosts/load-rows.ts";
import type { HostFilter } from "../hosts/select-rows.ts";
import type {
  HostResultOrder,
  HostResultOrderField,
  HostRowFragment,
  JobInstanceRef,
  StepOverviewFragment,
} from "../operations.generated.ts";
import { useStore } from "../store.ts";
import {
  formatDuration,
  formatNumber,
  formatTime,
  hostStatusText,
  useLanguage,
  useTexts,
} from "../texts/language.ts";
import { PhaseIcon } from "./phase-icon.tsx";

interface HostTableProps {
  readonly client: JobClient;
  readonly jobRef: JobInstanceRef;
  readonly step: StepOverviewFragment;
  readonly filter: HostFilter;
  readonly fingerprint: string;
  /** When the gateway has read the state with this fingerprint. */
  readonly observedAt: string;
}

/** The pages before the current one: the cursor that each begins after. */
type Pages = readonly (string | null)[];

const FIRST_PAGE: Pages = [null];

export function HostTable({ client, jobRef, step, filter, fingerprint, observedAt }: HostTableProps) {
  const texts = useTexts();
  const loader = useMemo(() => createRowLoader(client, jobRef), [client, jobRef]);
  const loaded = useStore(loader.rows);
  const [orderBy, setOrderBy] = useState<HostResultOrder | null>(null);
  const { stepInstanceId, hostSummary } = step;
  const isForFailed = filter.phase === null && filter.group === null;
  const conditions = JSON.stringify([stepInstanceId, filter, orderBy]);
  // Another filter or order has other pages.
  const [opened, setOpened] = useState({ conditions, pages: FIRST_PAGE });
  const pages = opened.conditions === conditions ? opened.pages : FIRST_PAGE;
  const after = pages.at(-1) ?? null;
  useEffect(() => {
    const target = JSON.stringify([conditions, after]);
    loader.show({
      target,
      fingerprint,
      observedAt,
      stepInstanceId,
      filter: toResultFilter(filter),
      orderBy,
      after,
    });
  }, [loader, conditions, after, fingerprint, observedAt, stepInstanceId, filter, orderBy]);
  useEffect(() => loader.stop, [loader]);

  const isEmpty = isForFailed ? hostSummary.failed === 0 : loaded.target !== "" && loaded.totalCount === 0;
  return (
    <section class="table" aria-labelledby="table-title">
      <h3 id="table-title">{isForFailed ? texts.failedHosts : texts.matchingHosts}</h3>
      {isEmpty || (isForFailed && loaded.target !== "" && loaded.totalCount === 0) ? (
        <p class="empty">{isForFailed ? texts.noFailed : texts.noMatch}</p>
      ) : (
        <>
          <Rows rows={loaded.rows} orderBy={orderBy} onOrder={setOrderBy} />
          <Pager loaded={loaded} pages={pages} onPages={(pages) => setOpened({ conditions, pages })} />
        </>
      )}
    </section>
  );
}

interface RowsProps {
  readonly rows: readonly HostRowFragment[];
  readonly orderBy: HostResultOrder | null;
  readonly onOrder: (order: HostResultOrder | null) => void;
}

function Rows({ rows, orderBy, onOrder }: RowsProps) {
  const texts = useTexts();
  const language = useLanguage();
  const order = { orderBy, onOrder };
  return (
    // Scrolls by itself if it is wider than the window.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboards must be able to scroll it
    <section class="table-scroller" tabIndex={0} aria-labelledby="table-title">
      <table>
        <thead>
          <tr>
            <OrderHeader field="IP" text={texts.address} {...order} />
            <OrderHeader field="STATUS_CODE" text={texts.status} {...order} />
            <th scope="col">{texts.tag}</th>
            <OrderHeader field="EXIT_CODE" text={texts.exitCode} {...order} />
            <OrderHeader field="DURATION" text={texts.duration} {...order} />
            <th scope="col">{texts.finishedAt}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <th scope="row">
                <code>{row.ip ?? row.ipv6 ?? row.container?.name}</code>
                {row.cloudId !== null && row.cloudId !== "0" && (
                  <small>
                    {texts.cloud} {row.cloudId}
                  </small>
                )}
              </th>
              <td class="row-status">
                <PhaseIcon phase={row.phase} /> {hostStatusText(texts, row.statusCode)}
              </td>
              <td>{row.tag !== null && <span class="tag">{row.tag}</span>}</td>
              <td>{row.exitCode !== null && <code>{row.exitCode}</code>}</td>
              <td>{row.durationMs !== null && formatDuration(row.durationMs, language)}</td>
              <td class="time">{row.finishedAt !== null && formatTime(row.finishedAt)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface OrderHeaderProps extends Pick<RowsProps, "orderBy" | "onOrder"> {
  readonly field: HostResultOrderField;
  readonly text: string;
}

/** A click orders ascending, then descending, then as in the step. */
function OrderHeader({ field, text, orderBy, onOrder }: OrderHeaderProps) {
  const direction = orderBy?.field === field ? (orderBy.direction ?? "ASC") : null;
  const next = { none: { field, direction: "ASC" }, ASC: { field, direction: "DESC" }, DESC: null } as const;
  const sort = { none: "none", ASC: "ascending", DESC: "descending" } as const;
  return (
    <th scope="col" aria-sort={sort[direction ?? "none"]}>
      <button type="button" class="sort" onClick={() => onOrder(next[direction ?? "none"])}>
        {text}
      </button>
    </th>
  );
}

interface PagerProps {
  readonly loaded: LoadedRows;
  readonly pages: Pages;
  readonly onPages: (pages: Pages) => void;
}

function Pager({ loaded: { rows, totalCount, next }, pages, onPages }: PagerProps) {
  const texts = useTexts();
  const language = useLanguage();
  if (totalCount <= ROWS_PER_PAGE) return null;
  const number = (value: number) => formatNumber(value, language);
  const before = (pages.length - 1) * ROWS_PER_PAGE;
  return (
    <div class="pager">
      <span>{texts.page(number(before + 1), number(before + rows.length), number(totalCount))}</span>
      <button type="button" disabled={pages.length === 1} onClick={() => onPages(pages.slice(0, -1))}>
        {texts.previous}
      </button>
      <button type="button" disabled={next === null} onClick={() => onPages([...pages, next])}>
        {texts.next}
      </button>
    </div>
  );
}
