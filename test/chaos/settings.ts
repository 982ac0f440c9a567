/** The settings of the gateways, which the checks use as limits. Short, so that two minutes are many times as long. */

export const UPSTREAM_TIMEOUT_MS = 1_500;
export const MAX_AGE_RUNNING_MS = 500;
export const MAX_AGE_FINISHED_MS = 1_500;
/** "No such job" and "no permission" are cached as long as the state of a running job, but at most a second. */
export const MAX_AGE_PROBLEM_MS = 500;
export const STALE_IF_ERROR_MS = 5_000;
export const RECHECK_MS = 1_000;

const IDENTITY_KEY = "chaos-chaos-chaos-chaos-chaos-chaos";

const COLLECT_GARBAGE = new URL("collect-garbage.ts", import.meta.url);

/** Processes of the last instance. With several, its setting WORKERS is set. */
const WORKERS = Number(process.env.CHAOS_WORKERS ?? 1);

export interface InstanceKind {
  readonly name: string;
  readonly staleIfErrorMs: number;
  readonly sharing: "job" | "identity";
  /** Runs as long as the chaos, so that its memory can be compared. */
  readonly isSteady: boolean;
  /** Processes that serve requests. With several, a client cannot tell which of them answers. */
  readonly workers: number;
  readonly settings: Readonly<Record<string, string>>;
}

/** The differences between instances, which work together nevertheless. */
export const INSTANCES: readonly InstanceKind[] = [
  {
    name: "steady",
    staleIfErrorMs: STALE_IF_ERROR_MS,
    sharing: "job",
    isSteady: true,
    workers: 1,
    settings: { NODE_OPTIONS: `--import ${COLLECT_GARBAGE}` },
  },
  {
    name: "second",
    staleIfErrorMs: STALE_IF_ERROR_MS,
    sharing: "job",
    isSteady: false,
    workers: 1,
    // Counts, but never limits.
    settings: { RATE_LIMIT_MAX: "1000000", COMPRESSION: "on" },
  },
  {
    name: "third",
    staleIfErrorMs: 0,
    sharing: "identity",
    isSteady: false,
    workers: WORKERS,
    settings: { SHUTDOWN_DELAY_MS: "300", ...(WORKERS > 1 && { WORKERS: String(WORKERS) }) },
  },
];

/** The environment of an instance. */
export const environmentOf = (
  { staleIfErrorMs, sharing, settings }: InstanceKind,
  upstreamUrl: string,
  redisUrl: string,
): Record<string, string> => ({
  JOB_API_URL: upstreamUrl,
  REDIS_URL: redisUrl,
  REDIS_TIMEOUT_MS: "100",
  IDENTITY_KEY,
  METRICS: "true",
  UPSTREAM_TIMEOUT_MS: String(UPSTREAM_TIMEOUT_MS),
  UPSTREAM_RETRIES: "2",
  UPSTREAM_RETRY_BACKOFF_MS: "50",
  UPSTREAM_BREAKER_PERCENT: "50",
  UPSTREAM_BREAKER_MIN_CALLS: "20",
  UPSTREAM_BREAKER_WINDOW_MS: "3000",
  UPSTREAM_BREAKER_OPEN_MS: "1000",
  SNAPSHOT_MAX_AGE_RUNNING_MS: String(MAX_AGE_RUNNING_MS),
  SNAPSHOT_MAX_AGE_FINISHED_MS: String(MAX_AGE_FINISHED_MS),
  SNAPSHOT_STALE_IF_ERROR_MS: String(staleIfErrorMs),
  LIVE_POLL_SCHEDULE_MS: "100,200,400",
  LIVE_RECHECK_MS: String(RECHECK_MS),
  LIVE_SHARING: sharing,
  // On a slow machine, starting everything at once is an overload.
  MAX_EVENT_LOOP_DELAY_MS: "0",
  ...settings,
});
