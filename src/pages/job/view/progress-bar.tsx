/** A bar of counts by phase. The text beside it says the same. */
import type { StepOverviewFragment } from "../operations.generated.ts";

type Counts = StepOverviewFragment["hostSummary"];

const PARTS = [
  ["succeeded", "succeeded"],
  ["failed", "failed"],
  ["stopped", "stopped"],
  ["unknown", "unknown"],
  ["running", "running"],
] as const satisfies readonly (readonly [keyof Counts, string])[];

export function ProgressBar({ counts }: { readonly counts: Counts }) {
  return (
    <span class="bar" aria-hidden="true">
      {PARTS.filter(([count]) => counts[count] > 0).map(([count, look]) => (
        <span key={look} class={`bar-part look-${look}`} style={{ flexGrow: counts[count] }} />
      ))}
      {counts.pending > 0 && <span class="bar-rest" style={{ flexGrow: counts.pending }} />}
    </span>
  );
}

export const finishedHosts = ({ succeeded, failed, stopped }: Counts): number => succeeded + failed + stopped;
