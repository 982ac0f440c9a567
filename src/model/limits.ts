/** The limits that requests can exceed, for an observer such as metrics. */

/** The name of a setting, or of a constant without a setting. */
export const LIMIT_NAMES = [
  "MAX_BODY_BYTES",
  "MAX_TOKENS",
  "MAX_DEPTH",
  "MAX_FIELDS",
  "MAX_ALIASES",
  "MAX_ROOT_FIELDS",
  "MAX_DIRECTIVES",
  "MAX_OPERATIONS_PER_DOCUMENT",
  "MAX_REPETITIONS",
  "MAX_RESPONSE_BYTES",
  "RATE_LIMIT_MAX",
  "MAX_OPERATIONS_IN_FLIGHT",
  "MAX_EVENT_LOOP_DELAY_MS",
] as const;

export type LimitName = (typeof LIMIT_NAMES)[number];

/** Called for every request that is rejected because it exceeds a limit. */
export type ObserveLimit = (limit: LimitName) => void;
