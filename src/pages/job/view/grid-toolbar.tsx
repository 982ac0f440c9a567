/** Filter, order and size of the grid, and what can be done with the hosts that it shows. */
import { useState } from "preact/hooks";
import type { HostCells } from "../hosts/host-cells.ts";
import { type HostFilter, type HostOrder, isFiltered, NO_FILTER } from "../hosts/select-rows.ts";
import { useTexts } from "../texts/language.ts";
import { copyText } from "./copy-text.ts";

interface GridToolbarProps {
  readonly cells: HostCells;
  readonly rows: Uint32Array;
  readonly filter: HostFilter;
  readonly onFilter: (filter: HostFilter) => void;
  readonly order: HostOrder;
  readonly onOrder: (order: HostOrder) => void;
  /** Null: automatic. */
  readonly cellSize: number | null;
  readonly onCellSize: (size: number | null) => void;
  readonly sizes: readonly number[];
}

export function GridToolbar(props: GridToolbarProps) {
  const { rows, filter, onFilter, order, onOrder } = props;
  const texts = useTexts();
  return (
    <div class="toolbar">
      <label>
        <span>{texts.filterByAddress}</span>
        <input
          type="search"
          value={filter.address}
          placeholder="10.0."
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => onFilter({ ...filter, address: currentTarget.value.trim() })}
        />
      </label>
      <label>
        <span>{texts.order}</span>
        <select
          value={order}
          onChange={({ currentTarget }) =>
            onOrder(currentTarget.value === "ATTENTION" ? "ATTENTION" : "STEP")
          }
        >
          <option value="STEP">{texts.orderStep}</option>
          <option value="ATTENTION">{texts.orderAttention}</option>
        </select>
      </label>
      <SizeSelect {...props} />
      <CopyButton {...props} />
      {isFiltered(filter) && (
        <button type="button" class="quiet" onClick={() => onFilter(NO_FILTER)}>
          {texts.clearFilter}
        </button>
      )}
      <span class="shown" role="status">
        {texts.hostCount(rows.length)}
      </span>
    </div>
  );
}

function SizeSelect({ cellSize, onCellSize, sizes }: GridToolbarProps) {
  const texts = useTexts();
  return (
    <label>
      <span>{texts.cellSize}</span>
      <select
        value={String(cellSize ?? "")}
        onChange={({ currentTarget }) => onCellSize(Number(currentTarget.value) || null)}
      >
        <option value="">{texts.automatic}</option>
        {sizes.map((size) => (
          <option key={size} value={String(size)}>
            {size} px
          </option>
        ))}
      </select>
    </label>
  );
}

function CopyButton({ cells, rows }: GridToolbarProps) {
  const texts = useTexts();
  const [copied, setCopied] = useState<number | null>(null);
  const copy = async () => {
    const names = Array.from(rows, (row) => cells.cellOf(row)?.name ?? "").filter((name) => name !== "");
    await copyText(names.join("\n"));
    setCopied(names.length);
  };
  return (
    <button
      type="button"
      class="quiet"
      disabled={rows.length === 0}
      onClick={copy}
      onBlur={() => setCopied(null)}
    >
      <span aria-live="polite">{copied === null ? texts.copyAddresses : texts.copied(copied)}</span>
    </button>
  );
}
