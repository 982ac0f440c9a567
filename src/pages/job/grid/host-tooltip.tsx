/** What is known of a host, beside its cell. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { HostCell } from "../hosts/host-cells.ts";
import { hostStatusText, useTexts } from "../texts/language.ts";
import { PhaseIcon } from "../view/phase-icon.tsx";

interface HostTooltipProps {
  readonly cell: HostCell;
  /** The middle of the upper edge of the cell, relative to the grid. */
  readonly x: number;
  readonly y: number;
  readonly cellSize: number;
  /** Width of the grid, which the tooltip stays in. */
  readonly width: number;
}

const DISTANCE = 8;

export function HostTooltip({ cell, x, y, cellSize, width }: HostTooltipProps) {
  const texts = useTexts();
  const element = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const { name, statusCode, tag, exitCode, phase } = cell;
  useLayoutEffect(() => {
    const { offsetWidth = 0, offsetHeight = 0 } = element.current ?? {};
    if (offsetWidth !== size.width || offsetHeight !== size.height) {
      setSize({ width: offsetWidth, height: offsetHeight });
    }
  });
  const left = Math.min(Math.max(0, x - size.width / 2), Math.max(0, width - size.width));
  const isBelow = y - size.height - DISTANCE < -size.height / 2;
  const top = isBelow ? y + cellSize + DISTANCE : y - size.height - DISTANCE;
  return (
    <div
      ref={element}
      class="tooltip"
      style={{ transform: `translate(${left}px, ${top}px)` }}
      aria-hidden="true"
    >
      <strong>{name}</strong>
      <span class="tooltip-status">
        <PhaseIcon phase={phase} /> {hostStatusText(texts, statusCode)}
      </span>
      {tag !== null && (
        <span>
          {texts.tag}: {tag}
        </span>
      )}
      {exitCode !== null && (
        <span>
          {texts.exitCode}: <code>{exitCode}</code>
        </span>
      )}
    </div>
  );
}
