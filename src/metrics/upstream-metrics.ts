/** Metrics of job lookups and of the upstream calls that they cause. */
import { Counter, Histogram, type Registry } from "prom-client";
import type { ObserveLookup } from "../jobs/snapshots.ts";
import { type LookupSource, SUCCESSFUL_OUTCOMES } from "../model/operation-trace.ts";
import type { ObserveCall } from "../upstream/call-records.ts";
import type { ObserveRetry, RetryReason } from "../upstream/retries.ts";
import { PREFIX } from "./prefix.ts";

const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const WAIT_BUCKETS = [0.001, 0.01, 0.1, 0.5, 1, 5, 10];

const SOURCES: readonly LookupSource[] = ["cache", "shared", "coalesced", "upstream", "stale"];

export function createLookupMetrics(registry: Registry): ObserveLookup {
  const lookups = new Counter({
    name: `${PREFIX}job_lookups_total`,
    help: "Lookups of jobs by what served them: the snapshot cache, a snapshot of another instance, a call that was already in flight, or a call of its own. Stale: that call failed, and an older snapshot was served.",
    labelNames: ["source"],
    registers: [registry],
  });
  for (const source of SOURCES) lookups.inc({ source }, 0);
  return (source) => lookups.inc({ source });
}

const RETRY_REASONS: readonly RetryReason[] = ["connection", "http_502", "http_503", "http_504"];

export function createRetryMetrics(registry: Registry): ObserveRetry {
  const registers = [registry];
  const retries = new Counter({
    name: `${PREFIX}upstream_retries_total`,
    help: "Retries of upstream calls by reason: a connection error, or the HTTP status of the failed attempt.",
    labelNames: ["reason"],
    registers,
  });
  const exhausted = new Counter({
    name: `${PREFIX}upstream_retry_budget_exhausted_total`,
    help: "Upstream calls that were not retried because the budget of retries was exhausted.",
    registers,
  });
  for (const reason of RETRY_REASONS) retries.inc({ reason }, 0);
  return (event) => (event === "budget" ? exhausted.inc() : retries.inc({ reason: event }));
}

export function createUpstreamMetrics(registry: Registry): ObserveCall {
  const registers = [registry];
  const durations = new Histogram({
    name: `${PREFIX}upstream_call_duration_seconds`,
    help: "Duration of upstream calls, including the wait for a connection, by required data and outcome.",
    labelNames: ["data", "outcome"],
    buckets: DURATION_BUCKETS,
    registers,
  });
  const failures = new Counter({
    name: `${PREFIX}upstream_failures_total`,
    help: "Upstream calls that failed: connection errors, timeouts and HTTP 5xx. Answers with an error do not count.",
    registers,
  });
  const waits = new Histogram({
    name: `${PREFIX}upstream_queue_wait_seconds`,
    help: "How long upstream calls waited for a connection.",
    buckets: WAIT_BUCKETS,
    registers,
  });
  const bytes = new Counter({
    name: `${PREFIX}upstream_response_bytes_total`,
    help: "Size of upstream response bodies after decompression, by required data.",
    labelNames: ["data"],
    registers,
  });
  return ({ requiredData: data, outcome, hasFailed, durationMs, queuedMs, bodyBytes }) => {
    durations.observe({ data, outcome: SUCCESSFUL_OUTCOMES.get(outcome) ?? outcome }, durationMs / 1_000);
    if (hasFailed) failures.inc();
    if (queuedMs !== null) waits.observe(queuedMs / 1_000);
    bytes.inc({ data }, bodyBytes);
  };
}
