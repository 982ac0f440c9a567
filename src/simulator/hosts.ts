/** Simulated hosts and their outcomes. */
import { type HostPayload, type Outcome, span } from "./job.ts";

/**
 * Host number n (below 2^24), with all fields that released versions of bk-job send. Always the same for the same n.
 */
export function host(n: number, overrides: Partial<HostPayload> = {}): HostPayload {
  return {
    bk_host_id: 2_000_000 + n,
    ip: `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`,
    bk_cloud_id: 0,
    bk_cloud_name: "Default Area",
    bk_agent_id: `02000000${(n * 2_654_435_761).toString(16).padStart(24, "0")}`,
    alive: 1,
    ...overrides,
  };
}

/** Tag and exit code of an outcome. The exit code is ignored for statuses without one. */
export interface OutcomeDetails {
  readonly tag?: string;
  readonly exitCode?: number;
}

/** Statuses that have no exit code even in script steps. */
const NO_EXIT_CODE: ReadonlySet<number> = new Set([2, 5, 7, 15, 18]);
export const WAITING = 5;
export const RUNNING = 7;

/**
 * The outcome of a step on one target, with the fields that the upstream sends for that status: no times while waiting,
 * only the start time while running, no exit code if no script has exited.
 */
export function outcome(
  stepType: number,
  status: number,
  [start, end]: readonly [start: number, end: number],
  { tag = "", exitCode = 0 }: OutcomeDetails = {},
): Outcome {
  return {
    status,
    tag,
    ...(stepType === 1 && !NO_EXIT_CODE.has(status) && { exit_code: exitCode }),
    ...(status !== WAITING && span(start, status === RUNNING ? undefined : end)),
  };
}
