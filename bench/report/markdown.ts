/** Numbers and tables as Markdown. */
import type { Spread } from "./statistics.ts";

/** Three significant digits, without an exponent. */
export const number = (value: number): string => {
  if (!Number.isFinite(value)) return "–";
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3);
};

/** `15.2 (14.9–16.0)` */
export const withSpread = ({ median, min, max }: Spread): string =>
  !Number.isFinite(median) ? "–" : `${number(median)} (${number(min)}–${number(max)})`;

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)].join(
    "\n",
  );
}
