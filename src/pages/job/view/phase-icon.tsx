/** Icons of statuses. Each has a shape of its own, because colors alone are not accessible. */
import type { RunPhase } from "../operations.generated.ts";
import { type Look, lookOfPhase } from "./visuals.ts";

/** Paths in a square of 16 units, drawn in white on the color of the status. */
const SIGNS: Readonly<Record<Look, string>> = {
  succeeded: "M4.5 8.4l2.4 2.4 4.6-5",
  ignored: "M4.5 8.4l2.4 2.4 4.6-5",
  failed: "M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4",
  running: "M6.5 5.2v5.6L11 8z",
  waiting: "M8 4.2v4.4M8 11.6v.1",
  pending: "M8 5v3.2l2 1.4",
  stopped: "M5.8 5.8h4.4v4.4H5.8z",
  unknown: "M6.2 6.2a1.8 1.8 0 113 1.4c-.8.6-1.2.9-1.2 1.7M8 11.6v.1",
};

export function StatusIcon({ look }: { readonly look: Look }) {
  return (
    <svg class={`icon look-${look}`} viewBox="0 0 16 16" aria-hidden="true">
      <circle class="icon-disc" cx="8" cy="8" r="7.5" />
      <path class="icon-sign" d={SIGNS[look]} />
    </svg>
  );
}

export const PhaseIcon = ({ phase }: { readonly phase: RunPhase }) => (
  <StatusIcon look={lookOfPhase(phase)} />
);
