/**
 * Names and phases of the upstream's numeric codes. The codes are those of the endpoint's documentation (`run_status`,
 * `target_object_status`, step type). The phases are defined by the descriptions of `RunPhase` in the SDL.
 */
import type { HostStatus, RunPhase, RunStatus, ScopeType, StepType } from "./sdl.generated.ts";

/** The name of a status and its phase. */
export interface StatusInfo<Name> {
  readonly name: Name;
  readonly phase: RunPhase;
}

type StatusTable<Name> = ReadonlyMap<number, StatusInfo<Name>>;

const table = <Name>(
  rows: readonly (readonly [code: number, name: Name, phase: RunPhase])[],
): StatusTable<Name> => new Map(rows.map(([code, name, phase]) => [code, { name, phase }]));

/** `run_status`: statuses of jobs and steps. */
const RUN_STATUSES = table<RunStatus>([
  [1, "PENDING", "PENDING"],
  [2, "RUNNING", "RUNNING"],
  [3, "SUCCEEDED", "SUCCEEDED"],
  [4, "FAILED", "FAILED"],
  [5, "SKIPPED", "SUCCEEDED"],
  [6, "ERROR_IGNORED", "SUCCEEDED"],
  [7, "WAITING_USER", "WAITING_USER"],
  [8, "MANUALLY_ENDED", "FAILED"],
  [9, "ABNORMAL", "FAILED"],
  [10, "STOPPING", "RUNNING"],
  [11, "STOPPED", "STOPPED"],
  [13, "CONFIRM_TERMINATED", "STOPPED"],
  [14, "ABANDONED", "FAILED"],
  [15, "ROLLING_WAITING", "PENDING"],
]);

/** `target_object_status`: statuses of host results. */
export const HOST_STATUSES = table<HostStatus>([
  [0, "UNKNOWN_ERROR", "FAILED"],
  [1, "AGENT_ABNORMAL", "FAILED"],
  [2, "INVALID_TARGET", "FAILED"],
  [3, "ALREADY_SUCCEEDED", "SUCCEEDED"],
  [5, "PENDING", "PENDING"],
  [7, "RUNNING", "RUNNING"],
  [9, "SUCCEEDED", "SUCCEEDED"],
  [11, "FAILED", "FAILED"],
  [12, "DISPATCH_FAILED", "FAILED"],
  [13, "TASK_TIMEOUT", "FAILED"],
  [15, "LOG_ERROR", "FAILED"],
  [16, "GSE_SCRIPT_LOG_TIMEOUT", "FAILED"],
  [17, "GSE_FILE_LOG_TIMEOUT", "FAILED"],
  [18, "AGENT_NOT_INSTALLED", "FAILED"],
  [101, "SCRIPT_FAILED", "FAILED"],
  [102, "SCRIPT_TIMEOUT", "FAILED"],
  [103, "SCRIPT_TERMINATED", "FAILED"],
  [104, "SCRIPT_NON_ZERO_EXIT", "FAILED"],
  [202, "FILE_TRANSFER_FAILED", "FAILED"],
  [203, "SOURCE_FILE_NOT_FOUND", "FAILED"],
  [301, "FILE_SYSTEM_ERROR", "FAILED"],
  [303, "FILE_TASK_TIMEOUT", "FAILED"],
  [310, "GSE_AGENT_ABNORMAL", "FAILED"],
  [311, "USER_NOT_FOUND", "FAILED"],
  [312, "USER_PASSWORD_WRONG", "FAILED"],
  [320, "FILE_FETCH_FAILED", "FAILED"],
  [321, "FILE_LIMIT_EXCEEDED", "FAILED"],
  [329, "FILE_TRANSFER_ERROR", "FAILED"],
  [399, "TASK_ERROR", "FAILED"],
  [403, "FORCE_STOP_SUCCEEDED", "STOPPED"],
  [404, "FORCE_STOP_FAILED", "FAILED"],
  [500, "UNKNOWN_STATE", "FAILED"],
]);

/** Step types. */
const STEP_TYPES: ReadonlyMap<number, StepType> = new Map([
  [1, "SCRIPT"],
  [2, "FILE"],
  [3, "MANUAL_CONFIRM"],
  [4, "SQL"],
]);

/** The documented values of `bk_scope_type`. Servers also send `tenant_set`, which becomes `UNRECOGNIZED`. */
export const SCOPE_TYPES: ReadonlyMap<string, ScopeType> = new Map([
  ["biz", "BIZ"],
  ["biz_set", "BIZ_SET"],
]);

const UNRECOGNIZED = { name: "UNRECOGNIZED", phase: "UNKNOWN" } as const;

/** Name and phase of the status code of a job or step; `UNRECOGNIZED` and `UNKNOWN` for undocumented codes. */
export const runStatus = (code: number): StatusInfo<RunStatus> => RUN_STATUSES.get(code) ?? UNRECOGNIZED;

/** Name and phase of the status code of a host result; `UNRECOGNIZED` and `UNKNOWN` for undocumented codes. */
export const hostStatus = (code: number): StatusInfo<HostStatus> => HOST_STATUSES.get(code) ?? UNRECOGNIZED;

export const stepType = (code: number): StepType => STEP_TYPES.get(code) ?? "UNRECOGNIZED";

export const scopeType = (raw: string): ScopeType => SCOPE_TYPES.get(raw) ?? "UNRECOGNIZED";

/** Whether nothing more happens in the phase without a retry. */
export const isTerminal = (phase: RunPhase): boolean =>
  phase === "SUCCEEDED" || phase === "FAILED" || phase === "STOPPED";
