/**
 * What must hold when the chaos has stopped: every gateway is healthy again by itself, its answers are fresh, subscriptions
 * follow, snapshots are shared, and when the clients have gone, nothing of them is left.
 */
import { scrape } from "../support/prometheus.ts";
import type { Chaos } from "./chaos.ts";
import { documentOf, refOf } from "./documents.ts";
import { exchange } from "./exchange.ts";
import { headersOf, IDENTITIES, type Identity, SECRET } from "./identities.ts";
import { checkOutput, type Run } from "./instances.ts";
import { holdsWithin } from "./pause.ts";
import { nameAt } from "./upstream.ts";
import { LIVE_TRANSPORTS, type Watched, watch } from "./viewers.ts";

/** Many times as long as the circuit breaker, the backoff of Redis and a poll take together. */
const MAX_RECOVERY_MS = 60_000;

/** Metrics that are 0 when no client is left. */
const GAUGES = [
  "bk_job_graphql_subscriptions",
  "bk_job_graphql_pollers",
  "bk_job_graphql_websocket_connections",
  "bk_job_graphql_operations_in_flight",
  "bk_job_graphql_upstream_running_calls",
  "bk_job_graphql_upstream_queued_calls",
  "bk_job_graphql_upstream_circuit_state",
  "bk_job_graphql_subscription_memory_bytes",
];

export async function checkRecovery(chaos: Chaos): Promise<void> {
  const { report, instances } = chaos;
  const runs = instances.map(({ run }) => run());
  const expect = async (what: string, run: Run, condition: () => Promise<boolean>) => {
    report.count("recovery", what);
    const startedAt = performance.now();
    if (!(await holdsWithin(MAX_RECOVERY_MS, condition)))
      report.violate(`Not within ${MAX_RECOVERY_MS} ms: ${what}`, { run: run.name, startedAt });
  };
  for (const run of runs) {
    await expect("correct answers", run, () => hasCorrectAnswers(chaos, run));
    await expect("no problems", run, async () => (await problemsOf(run)) === "[]");
  }
  await checkFollowing(chaos, runs);
  const [first, second] = runs;
  if (first && second) await expect("shared snapshots", second, () => isShared(chaos, first, second));
  // Before the snapshots expire.
  await checkRedis(chaos);
  for (const run of runs) {
    await expect("nothing left of the clients", run, async () => (await leftovers(run)).length === 0);
    checkOutput(run, report);
    const { text } = await scrape(run.url);
    if (text.includes(SECRET) || chaos.truth.jobs.some(({ id }) => text.includes(`"${id}"`)))
      report.violate("Credentials or jobs in the metrics", { run: run.name });
  }
}

async function problemsOf({ url }: Run): Promise<string> {
  const response = await fetch(new URL("/readyz", url));
  const { problems } = (await response.json()) as { problems: unknown };
  return response.status === 200 ? JSON.stringify(problems) : `HTTP ${response.status}`;
}

interface Read {
  readonly data?: { readonly jobInstance?: { readonly __typename: string; readonly name?: string } };
}

/** The job as the gateway tells it now: its name, or the name of another outcome. */
async function read(run: Run, identity: Identity, jobId: string, isFresh: boolean): Promise<string> {
  const body = JSON.stringify({ query: documentOf("one", false), variables: { ref: refOf(jobId) } });
  const headers = {
    "content-type": "application/json",
    ...headersOf(identity),
    ...(isFresh && { "cache-control": "no-cache" }),
  };
  const result = await exchange(run, { method: "POST", path: "", headers, body }, "polite");
  if (result.kind !== "answered") return result.kind;
  const { data } = JSON.parse(result.text) as Read;
  return data?.jobInstance?.name ?? data?.jobInstance?.__typename ?? result.text;
}

async function hasCorrectAnswers({ truth }: Chaos, run: Run): Promise<boolean> {
  for (const identity of IDENTITIES) {
    for (const job of truth.jobs) {
      const isPermitted = truth.isPermitted(identity, job.id);
      const expected = isPermitted ? nameAt(job.id, job.version) : "PermissionDenied";
      if ((await read(run, identity, job.id, true)) !== expected) return false;
    }
  }
  return true;
}

/** Whether the second instance answers with a snapshot of the first one. */
async function isShared({ truth }: Chaos, first: Run, second: Run): Promise<boolean> {
  const shared = async () =>
    (await scrape(second.url)).sum("bk_job_graphql_job_lookups_total", { source: "shared" });
  const before = await shared();
  const [job] = truth.jobs;
  const [identity] = IDENTITIES;
  if (!job || !identity) return false;
  truth.permit(identity, job.id, true);
  await read(first, identity, job.id, true);
  await read(second, identity, job.id, false);
  return (await shared()) > before;
}

/** Subscriptions over all transports, on all instances, receive a new version of the job. */
async function checkFollowing(chaos: Chaos, runs: readonly Run[]): Promise<void> {
  const { truth, report } = chaos;
  const [job] = truth.jobs;
  const [identity] = IDENTITIES;
  if (!job || !identity) return;
  truth.permit(identity, job.id, true);
  const watched: Watched[] = runs.flatMap((run) =>
    LIVE_TRANSPORTS.map((transport) =>
      watch(chaos, { run, identity, jobId: job.id, withHosts: transport === "events", transport }),
    ),
  );
  for (const step of ["the current version", "the next version"]) {
    const isFollowing = await holdsWithin(MAX_RECOVERY_MS, () => {
      for (const { check } of watched) check();
      return watched.every(({ version }) => version() === job.version);
    });
    report.count("recovery", `subscriptions receive ${step}`);
    const versions = watched.map(({ version, end }) => ({ version: version(), end: String(end()) }));
    if (!isFollowing)
      report.violate(`Subscriptions do not receive ${step}`, { version: job.version, versions });
    if (step === "the current version") job.version += 1;
  }
  await checkWithdrawal(chaos, runs, job.id);
  for (const { stop } of watched) stop();
}

/** A permission that is withdrawn ends a subscription, although others of the tenant may still see the job. */
async function checkWithdrawal(chaos: Chaos, runs: readonly Run[], jobId: string): Promise<void> {
  const { truth, report } = chaos;
  const [, identity] = IDENTITIES;
  if (!identity) return;
  truth.permit(identity, jobId, true);
  const watched = runs.map((run) =>
    watch(chaos, { run, identity, jobId, withHosts: false, transport: "webSocket" }),
  );
  const areAll = (condition: (each: Watched) => boolean) =>
    holdsWithin(MAX_RECOVERY_MS, () => watched.every(condition));
  const areOpen = await areAll(({ stream }) => stream.results.length > 0);
  truth.permit(identity, jobId, false);
  const areDenied = await areAll(({ end }) => end() === null);
  report.count("recovery", "subscriptions end after a withdrawn permission");
  if (!areOpen || !areDenied) report.violate("Subscriptions outlive a withdrawn permission", { areOpen });
  for (const { check, stop } of watched) {
    check();
    stop();
  }
}

/** The metrics that are not 0 yet. The snapshot cache becomes empty by itself. */
async function leftovers(run: Run): Promise<readonly string[]> {
  run.agent.destroy();
  const { sum } = await scrape(run.url);
  const isEmpty = sum("bk_job_graphql_cache_bytes", { cache: "snapshots" }) === 0;
  return [...GAUGES.filter((name) => sum(name) !== 0), ...(isEmpty ? [] : ["snapshots"])];
}

/** Whoever can read Redis sees neither credentials nor jobs. */
async function checkRedis({ redis, report, truth }: Chaos): Promise<void> {
  const names = (await redis.command("KEYS", "*")) as readonly string[];
  for (const name of names) {
    report.count("entries of Redis", name.split(":")[1] ?? name);
    // Entries that are no strings are shown as Redis stores them.
    const value = await redis
      .commandForBytes("GETRANGE", name, "0", "-1")
      .catch(() => redis.commandForBytes("DUMP", name));
    const text = `${name} ${value?.toString("latin1")}`;
    const isJobNamed = truth.jobs.some(
      ({ id }) => name.split(/[:/ ]/).includes(id) || text.includes(`job ${id} v`),
    );
    if (text.includes(SECRET) || isJobNamed)
      report.violate("Credentials or jobs in Redis", { name, text: text.slice(0, 300) });
  }
}
