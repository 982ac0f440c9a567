/** The progress bar of a step, by host status. */
import type { StepView } from "./job-view.ts";
import type { Paint } from "./paint.ts";

/** @param columns at least 10, so that each part gets at least one column. */
export function drawBar({ hosts }: Pick<StepView, "hosts">, columns: number, paint: Paint): string {
  const parts = [
    { count: hosts.succeeded, character: "█", style: paint.succeeded },
    { count: hosts.failed, character: paint.hasColors ? "█" : "x", style: paint.failed },
    {
      count: hosts.stopped + hosts.unknown,
      character: paint.hasColors ? "█" : "-",
      style: paint.waitingUser,
    },
    { count: hosts.running, character: "▒", style: paint.running },
    // A step that has not started has no hosts yet.
    { count: hosts.total === 0 ? 1 : hosts.pending, character: "░", style: paint.waiting },
  ];
  const lengths = distribute(
    parts.map(({ count }) => count),
    columns,
  );
  return parts.map(({ character, style }, index) => style(character.repeat(lengths[index] ?? 0))).join("");
}

/**
 * Distributes columns by counts. Each count above 0 gets at least one, so that one failed host of thousands is
 * visible.
 */
function distribute(counts: readonly number[], columns: number): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const lengths = counts.map((count) =>
    count === 0 ? 0 : Math.max(1, Math.round((columns * count) / total)),
  );
  let excess = lengths.reduce((sum, length) => sum + length, 0) - columns;
  while (excess !== 0) {
    const longest = lengths.indexOf(Math.max(...lengths));
    lengths[longest] = (lengths[longest] ?? 0) - Math.sign(excess);
    excess -= Math.sign(excess);
  }
  return lengths;
}
