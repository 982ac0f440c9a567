/** SIGTERM under load: 1 000 requests in flight and 1 000 streams. Every request is answered, every stream ends as it must. */
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import { expect, it, type TestContext } from "vitest";
import { ask, jobQuery, jobSubscription, onJob } from "../support/ask.ts";
import { hostRow, jobBytes, stepRow } from "../support/job-payload.ts";
import { useServer } from "../support/listen.ts";
import { type LiveStream, subscribeByEvents, subscribeByWebSocket } from "../support/live-clients.ts";
import { scrape } from "../support/prometheus.ts";
import { heldClock, runProgram, SLOW_CLOCK } from "./program.ts";

const REQUESTS = 1_000;
const STREAMS = 1_000;

/** Each request and each stream has a connection to the gateway, and each request one to the upstream. */
const OPEN_FILES = 2 * REQUESTS + STREAMS + 200;

/** The delay ends at SIGUSR2, and no other timer of the gateway ends during the test. */
const DELAY_MS = 12_345;
const CLOCK = { ...SLOW_CLOCK, ...heldClock(DELAY_MS) };

const HELD_IDS = Array.from({ length: REQUESTS }, (_, index) => String(40_000_000_000 + index));
const FINISHING = "30000000001";
const ENDLESS = "30000000002";
/** Answered at once. */
const QUICK = "30000000003";

const HOSTS_PER_JOB = 20;
const SELECTION = onJob(`name isFinished steps { hostResults(first: ${HOSTS_PER_JOB}) { nodes { ip } } }`);

/** What a query for the job selects of it. */
const jobOf = (id: string, isFinished: boolean) => ({
  name: `job ${id}`,
  isFinished,
  steps: [
    {
      hostResults: {
        nodes: Array.from({ length: HOSTS_PER_JOB }, (_, index) => ({ ip: `10.0.0.${index + 1}` })),
      },
    },
  ],
});

/** An upstream that holds the calls for `HELD_IDS` until `release`. The job `FINISHING` is running until `finish`. */
async function useUpstream(test: TestContext) {
  const released = Promise.withResolvers<void>();
  const held = new Set<string>();
  let isFinished = false;
  const server = createServer(async ({ url = "" }, response) => {
    const id = new URL(url, "http://upstream").searchParams.get("job_instance_id") ?? "";
    const isHeld = Number(id) >= Number(HELD_IDS[0]);
    if (isHeld) {
      held.add(id);
      await released.promise;
    }
    const finished = isHeld || id === QUICK || (id === FINISHING && isFinished);
    const rows = Array.from({ length: HOSTS_PER_JOB }, (_, index) => hostRow(index + 1));
    const body = jobBytes({
      finished,
      fields: { job_instance_id: Number(id), name: `job ${id}`, status: finished ? 3 : 2 },
      steps: [stepRow({ step_ip_result_list: rows })],
    });
    response.writeHead(200, { "content-type": "application/json" }).end(body);
  });
  const port = await useServer(server, test);
  const finish = () => {
    isFinished = true;
  };
  return { url: `http://127.0.0.1:${port}`, held, release: released.resolve, finish };
}

const identity = (index: number) => ({ "x-bkapi-authorization": `{"access_token":"user-${index}"}` });

/** Half of the streams by WebSocket, half by server-sent events; half of either of a job that finishes. */
const openStreams = (url: string) =>
  Array.from({ length: STREAMS }, (_, index) => {
    const [transport, subscribe] =
      index % 2 === 0
        ? (["WebSocket", subscribeByWebSocket] as const)
        : (["SSE", subscribeByEvents] as const);
    const job = index % 4 < 2 ? FINISHING : ENDLESS;
    const query = jobSubscription(job, SELECTION);
    return { transport, job, ...subscribe(url, { query }, identity(index % 10)) };
  });

/** How a stream ended: "complete", or the client's error. */
const endOf = ({ completed }: LiveStream): Promise<string> =>
  completed.then(
    () => "complete",
    (error: Error) => error.message,
  );

/** The tests run in one process beside the gateway. Node.js raises the soft limit to the hard one. */
function checkFileLimit(): void {
  const limit = execFileSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).trim();
  if (limit !== "unlimited" && Number(limit) < OPEN_FILES)
    throw new Error(`Expected a limit of at least ${OPEN_FILES} open files (ulimit -Hn), got ${limit}.`);
}

async function startLoaded(test: TestContext) {
  checkFileLimit();
  const upstream = await useUpstream(test);
  const program = runProgram(test, "main.js", [], {
    ...CLOCK,
    JOB_API_URL: upstream.url,
    SHUTDOWN_DELAY_MS: String(DELAY_MS),
    UPSTREAM_CONNECTIONS: String(REQUESTS + 100),
    // One second by the slow clock.
    LIVE_POLL_SCHEDULE_MS: "1",
    METRICS: "true",
    // On a slow machine, starting everything at once is an overload.
    MAX_EVENT_LOOP_DELAY_MS: "0",
    // Only lines about errors. A line per request fills the pipe, and pino retries after a time by the slow clock.
    LOG_LEVEL: "warn",
  });
  const url = await program.url();
  const streams = openStreams(url);
  await expect.poll(() => streams.filter(({ results }) => results.length === 0).length).toBe(0);
  const answers = HELD_IDS.map((id, index) => ask(url, { query: jobQuery(id, SELECTION) }, identity(index)));
  await expect.poll(() => upstream.held.size).toBe(REQUESTS);
  expect((await scrape(url)).sum("bk_job_graphql_subscriptions")).toBe(STREAMS);
  return { ...program, url, upstream, streams, answers };
}

it("loses none of 1 000 requests and 1 000 streams at SIGTERM", async (test) => {
  const { process, url, upstream, streams, answers, ended, stdout } = await startLoaded(test);
  const askQuick = () => ask(url, { query: jobQuery(QUICK, SELECTION) }, identity(0));

  // During the delay, everything is served.
  process.kill("SIGTERM");
  await expect.poll(async () => (await fetch(new URL("/readyz", url))).status).toBe(503);
  expect((await askQuick()).data).toEqual({ jobInstance: jobOf(QUICK, true) });
  const finishing = streams.filter(({ job }) => job === FINISHING);
  upstream.finish();
  expect(new Set(await Promise.all(finishing.map(endOf)))).toEqual(new Set(["complete"]));
  for (const { results } of finishing) {
    expect(results.at(-1)?.data).toEqual({ jobInstanceUpdated: jobOf(FINISHING, true) });
  }
  expect((await scrape(url)).sum("bk_job_graphql_upstream_running_calls")).toBeGreaterThanOrEqual(REQUESTS);

  // Then streams are interrupted, new requests rejected, and those in flight answered.
  process.kill("SIGUSR2");
  const interrupted = streams.filter(({ job }) => job === ENDLESS);
  const ends = await Promise.all(
    interrupted.map(async (stream) => `${stream.transport}: ${await endOf(stream)}`),
  );
  expect(new Set(ends)).toEqual(
    new Set(["WebSocket: 1001 Going away", "SSE: Connection closed while having active streams"]),
  );
  for (const { results } of interrupted) {
    expect(results.map(({ data }) => data)).toEqual([{ jobInstanceUpdated: jobOf(ENDLESS, false) }]);
  }
  expect((await askQuick()).status).toBe(503);
  upstream.release();
  for (const [index, answer] of answers.entries()) {
    const { status, headers, data, errors } = await answer;
    expect([status, headers.get("connection"), errors]).toEqual([200, "close", undefined]);
    expect(data).toEqual({ jobInstance: jobOf(HELD_IDS[index] ?? "", true) });
  }
  expect(await ended).toEqual({ code: 0, signal: null });
  expect(stdout()).toBe("");
});
