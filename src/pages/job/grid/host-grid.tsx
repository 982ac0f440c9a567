// biome-ignore-all lint/a11y/useSemanticElements: a table would need an element for each of 50 000 hosts
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus, and refers to its current cell
/**
 * The hosts of a step as a grid of colored cells. A canvas shows the visible ones, so that 50 000 hosts scroll as smoothly
 * as 50. For keyboards and screen readers it is a grid with one cell in the document, the current one.
 */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { HostCell, HostCells } from "../hosts/host-cells.ts";
import { hostStatusText, useTexts } from "../texts/language.ts";
import { type CanvasView, createCanvasView } from "./canvas-view.ts";
import { HostTooltip } from "./host-tooltip.tsx";
import { automaticSize, cellAfterKey, cellAt, type GridLayout, layoutOf, positionOf } from "./layout.ts";

interface HostGridProps {
  readonly cells: HostCells;
  readonly rows: Uint32Array;
  /** Size of cells in pixels. Null: as large as all fit. */
  readonly cellSize: number | null;
  readonly label: string;
}

/** At most this much of the window, so that the rest of the page stays reachable. */
const MAX_HEIGHT = 420;

export function HostGrid({ cells, rows, cellSize, label }: HostGridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [scrollTop, setScrollTop] = useState(0);
  const [current, setCurrent] = useState<Current | null>(null);
  const texts = useTexts();

  useLayoutEffect(() => observeWidth(scroller.current, setWidth), []);
  const layout = layoutOf(rows.length, width, cellSize ?? automaticSize(rows.length, width, MAX_HEIGHT));
  const height = Math.min(layout.height, MAX_HEIGHT);
  const index = current !== null && current.index < rows.length ? current.index : null;
  useCanvas(canvas, { layout, cells, rows, current: index }, { top: scrollTop, width, height });

  const cell = cells.cellOf(rows[index ?? 0] ?? 0);
  const show = (target: number | null, isByKey: boolean) =>
    setCurrent(target === null ? null : { index: target, isByKey });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") return show(null, true);
    const pageRows = Math.max(1, Math.floor(height / layout.pitch) - 1);
    const key = { key: event.key, isCtrl: event.ctrlKey || event.metaKey };
    const target =
      index === null && isMoveKey(event.key) ? 0 : cellAfterKey(layout, index ?? 0, key, pageRows);
    if (target === null || rows.length === 0) return;
    event.preventDefault();
    show(target, true);
    scrollTo(scroller.current, layout, target, height);
  };
  const onPointerMove = ({ clientX, clientY }: PointerEvent) => {
    const box = canvas.current?.getBoundingClientRect();
    if (box) show(cellAt(layout, clientX - box.left, clientY - box.top + scrollTop), false);
  };

  return (
    <div class="grid">
      <div
        ref={scroller}
        class="grid-scroller"
        role="grid"
        tabIndex={0}
        aria-label={label}
        aria-rowcount={layout.rows}
        aria-colcount={Math.min(layout.columns, rows.length)}
        aria-readonly="true"
        aria-activedescendant={cell ? `cell-${index ?? 0}` : undefined}
        style={{ height: `${height}px` }}
        onScroll={({ currentTarget }) => setScrollTop(currentTarget.scrollTop)}
        onKeyDown={onKeyDown}
        onFocus={() => index === null && isKeyboardFocus(scroller.current) && show(0, true)}
        onBlur={() => show(null, true)}
        onPointerMove={onPointerMove}
        onPointerDown={onPointerMove}
        onPointerLeave={() => current?.isByKey === false && show(null, false)}
      >
        <div role="presentation" style={{ height: `${layout.height}px` }}>
          <canvas ref={canvas} class="grid-canvas" />
          <CurrentCell layout={layout} index={index ?? 0} text={cell ? describe(cell, texts) : ""} />
        </div>
      </div>
      {index !== null && cell && (
        <HostTooltip cell={cell} {...positionIn(layout, index, scrollTop)} width={width} />
      )}
    </div>
  );
}

/** The current cell, and whether it was reached by a key: then the pointer does not remove it when it leaves. */
interface Current {
  readonly index: number;
  readonly isByKey: boolean;
}

const isMoveKey = (key: string): boolean => /^(Arrow|Page|Home$|End$)/.test(key);

const isKeyboardFocus = (element: HTMLElement | null): boolean => element?.matches(":focus-visible") ?? false;

/** For screen readers. */
function CurrentCell({ layout, index, text }: { layout: GridLayout; index: number; text: string }) {
  return (
    <div role="row" class="visually-hidden" aria-rowindex={Math.floor(index / layout.columns) + 1}>
      <span role="gridcell" id={`cell-${index}`} aria-colindex={(index % layout.columns) + 1}>
        {text}
      </span>
    </div>
  );
}

/** `10.0.0.1, Script exited non-zero, tag "disk full", exit code 1`. */
const describe = (
  { name, statusCode, tag, exitCode }: HostCell,
  texts: ReturnType<typeof useTexts>,
): string =>
  [
    name,
    hostStatusText(texts, statusCode),
    ...(tag === null ? [] : [`${texts.tag} ${tag}`]),
    ...(exitCode === null ? [] : [`${texts.exitCode} ${exitCode}`]),
  ].join(", ");

function positionIn(layout: GridLayout, index: number, scrollTop: number) {
  const { x, y } = positionOf(layout, index);
  return { x: x + layout.cellSize / 2, y: y - scrollTop, cellSize: layout.cellSize };
}

function scrollTo(scroller: HTMLElement | null, layout: GridLayout, index: number, height: number): void {
  if (!scroller) return;
  const { y } = positionOf(layout, index);
  if (y < scroller.scrollTop) scroller.scrollTop = y;
  if (y + layout.cellSize > scroller.scrollTop + height) scroller.scrollTop = y + layout.cellSize - height;
}

function observeWidth(element: HTMLElement | null, onWidth: (width: number) => void) {
  if (!element) return;
  const observer = new ResizeObserver(() => onWidth(element.clientWidth));
  observer.observe(element);
  onWidth(element.clientWidth);
  return () => observer.disconnect();
}

/** Paints at most once per frame, however often something changes. */
function useCanvas(
  canvas: { readonly current: HTMLCanvasElement | null },
  ...shown: Parameters<CanvasView["show"]>
): void {
  const view = useRef<CanvasView | null>(null);
  useEffect(() => {
    if (!canvas.current) return;
    view.current = createCanvasView(canvas.current);
    return () => view.current?.destroy();
  }, [canvas]);
  useEffect(() => view.current?.show(...shown));
}
