/** Made-up machines. */
import { type Host, type Outcome, span } from "./job.ts";

/** The n-th of up to 2^24 hosts: always the same one, complete as a released bk-job shows it. */
export function host(n: number, overrides: Partial<Host> = {}): Host {
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

/** What to say of a host beyond its status and time; an exit code is left out where the upstream has none. */
export interface Say {
  readonly tag?: string;
  readonly exitCode?: number;
}

/** Statuses without an exit code also on script steps. */
const NO_EXIT_CODE: ReadonlySet<number> = new Set([2, 5, 7, 15, 18]);
const WAITING = 5;
const RUNNING = 7;

/**
 * How a step of `stepType` went on one target, with the fields that the upstream sends for that status:
 * no times while waiting, only the start while running, no exit code where no script has exited.
 */
export function outcome(
  stepType: number,
  status: number,
  [start, end]: readonly [start: number, end: number],
  { tag = "", exitCode = 0 }: Say = {},
): Outcome {
  return {
    status,
    tag,
    ...(stepType === 1 && !NO_EXIT_CODE.has(status) && { exit_code: exitCode }),
    ...(status !== WAITING && span(start, status === RUNNING ? undefined : end)),
  };
}
