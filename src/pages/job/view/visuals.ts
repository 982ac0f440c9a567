/** The look of a status: its class determines color and icon. */
import type { RunPhase, RunStatus } from "../operations.generated.ts";

export type Look =
  | "succeeded"
  | "failed"
  | "running"
  | "waiting"
  | "ignored"
  | "pending"
  | "stopped"
  | "unknown";

const LOOKS: Readonly<Record<RunPhase, Look>> = {
  PENDING: "pending",
  RUNNING: "running",
  WAITING_USER: "waiting",
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  STOPPED: "stopped",
  UNKNOWN: "unknown",
};

export const lookOfPhase = (phase: RunPhase): Look => LOOKS[phase];

/** A job or step: an ignored error is a success with a color of its own. */
export const lookOf = ({ status, phase }: { readonly status: RunStatus; readonly phase: RunPhase }): Look =>
  status === "ERROR_IGNORED" ? "ignored" : LOOKS[phase];
