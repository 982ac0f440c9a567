/** Clients that subscribe to jobs over all transports, and the check of what they receive and how it ends. */

import {
  type LiveStream,
  type Subscribe,
  subscribeByApolloClient,
  subscribeByEvents,
  subscribeByWebSocket,
} from "../support/live-clients.ts";
import { openConnection } from "../support/raw-socket.ts";
import type { Actor, Chaos } from "./chaos.ts";
import { errorsInEvent, type Outcome } from "./checks.ts";
import type { Choices } from "./choices.ts";
import { documentOf, refOf } from "./documents.ts";
import { codeOf, errorInError, type GraphQLError } from "./error-checks.ts";
import { exchange } from "./exchange.ts";
import { headersOf, IDENTITIES, type Identity, SECRET } from "./identities.ts";
import type { Run } from "./instances.ts";
import { holdsWithin, pause, within } from "./pause.ts";
import { type Call, LARGE_JOB } from "./truth.ts";

export type LiveTransport = "webSocket" | "events" | "multipart";

const SUBSCRIBE: Readonly<Record<LiveTransport, Subscribe>> = {
  webSocket: subscribeByWebSocket,
  events: subscribeByEvents,
  multipart: subscribeByApolloClient,
};

export const LIVE_TRANSPORTS: readonly LiveTransport[] = ["webSocket", "events", "multipart"];

export interface Viewer {
  readonly run: Run;
  readonly identity: Identity;
  readonly jobId: string;
  readonly withHosts: boolean;
  readonly transport: LiveTransport;
}

/** A subscription whose results are checked. */
export interface Watched {
  readonly stream: LiveStream;
  /** The newest version that it has received; 0 before the first. */
  readonly version: () => number;
  /** The error of the client, null if the gateway completed the stream, undefined while it is open. */
  readonly end: () => Error | null | undefined;
  /** Checks the results since the last time. */
  readonly check: () => void;
  readonly stop: () => void;
}

/** Until the first result, or the end. */
const MAX_FIRST_RESULT_MS = 40_000;
const CHECK_MS = 20;

const INTERRUPTED = "A stream was interrupted while its process must serve";

export const createViewer =
  (index: number): Actor =>
  async (chaos, choices, stopped) => {
    const identity = IDENTITIES[index % IDENTITIES.length] as Identity;
    while (!stopped.aborted) {
      const viewer = drawViewer(chaos, choices, identity);
      chaos.report.count("subscriptions", viewer.transport);
      if (choices.chance(0.25)) await vanish(chaos, choices, viewer);
      else await view(chaos, viewer, choices.between(500, 12_000), stopped);
      await pause(choices.between(0, 500), stopped);
    }
  };

function drawViewer({ truth, instances }: Chaos, choices: Choices, identity: Identity): Viewer {
  const job = choices.pick(truth.jobs);
  return {
    run: choices.pick(instances).run(),
    identity,
    jobId: job.id,
    // Events of the large job would keep this process busy.
    withHosts: job.id !== LARGE_JOB && choices.chance(0.4),
    transport: choices.pick(LIVE_TRANSPORTS),
  };
}

async function view(chaos: Chaos, viewer: Viewer, ms: number, stopped: AbortSignal): Promise<void> {
  const { report } = chaos;
  const watched = watch(chaos, viewer);
  const { stream } = watched;
  const isAnswered = await holdsWithin(
    MAX_FIRST_RESULT_MS,
    () => stream.results.length > 0 || watched.end() !== undefined,
  );
  if (!isAnswered) report.violate("A subscription without an answer", describe(viewer));
  const until = performance.now() + ms;
  while (performance.now() < until && watched.end() === undefined && !stopped.aborted) {
    watched.check();
    await pause(CHECK_MS, stopped);
  }
  watched.check();
  if (watched.end() === undefined) report.count("ends of subscriptions", "left by the client");
  watched.stop();
}

/** Subscribes, and checks each result and the end as they arrive. */
export function watch(chaos: Chaos, viewer: Viewer): Watched {
  const { report } = chaos;
  const { run, identity, jobId, withHosts, transport } = viewer;
  const sentAt = performance.now();
  const operation = { query: documentOf("live", withHosts), variables: { ref: refOf(jobId) } };
  const stream = SUBSCRIBE[transport](run.url, operation, headersOf(identity));
  let end: Error | null | undefined;
  let isLeft = false;
  let checked = 0;
  let last: Call | null = null;
  const check = () => {
    for (; checked < stream.results.length; checked += 1) {
      const result = stream.results[checked];
      const context = { ...describe(viewer), index: checked, result };
      if (JSON.stringify(result).includes(SECRET)) report.violate("Credentials in an event", context);
      const found = checkResult(
        chaos,
        viewer,
        sentAt,
        result?.data?.jobInstanceUpdated,
        result?.errors,
        context,
      );
      if (found && last && found.sentAt < last.arrivedAt)
        report.violate("An event that is older than the one before", { ...context, last, found });
      last = found ?? last;
    }
  };
  const finish = (error: Error | null) => {
    end = error;
    if (isLeft) return;
    check();
    report.count("ends of subscriptions", error ? endName(error) : "completed");
    const what = errorInEnd(chaos, viewer, error, stream.results.at(-1));
    if (what)
      report.violate(what, { ...describe(viewer), error: error?.message, last: stream.results.at(-1) });
  };
  stream.completed.then(
    () => finish(null),
    (error: Error) => finish(error),
  );
  const stop = () => {
    isLeft = true;
    stream.stop();
  };
  return { stream, version: () => last?.version ?? 0, end: () => end, check, stop };
}

const describe = ({ run, identity, jobId, withHosts, transport }: Viewer) => ({
  run: run.name,
  ending: run.ending,
  identity: identity.name,
  jobId,
  withHosts,
  transport,
});

/** @returns the call of an event with a job */
function checkResult(
  { truth, report, slack }: Chaos,
  viewer: Viewer,
  sentAt: number,
  outcome: Outcome | null | undefined,
  errors: readonly GraphQLError[] = [],
  context: object = {},
): Call | null {
  const { run, identity, jobId, withHosts } = viewer;
  const { staleIfErrorMs, sharing } = run.kind;
  for (const error of errors) {
    if (!error.extensions) {
      // Apollo Client reports a failed connection as a result.
      report.count("errors of subscriptions", "connection");
      if (!run.ending) report.violate(INTERRUPTED, context);
      continue;
    }
    report.count("errors of subscriptions", codeOf(error));
    const failed = { identity, sentAt, isEnding: run.ending !== null, expected: [], isLive: true };
    // The cause is an earlier failure, or the last one of several.
    const what = errorInError(truth, error, { ...failed, sentAt: performance.now() }, slack.ms());
    if (what) report.violate(what, context);
  }
  if (!outcome) {
    if (errors.length === 0) report.violate("An event with neither a job nor an error", context);
    return null;
  }
  report.count("events", outcome.__typename);
  const receivedAt = performance.now();
  const asked = { identity, jobId, withHosts, isFresh: false, sentAt, receivedAt, staleIfErrorMs, sharing };
  const call = truth.callOf(outcome.upstreamRequestId);
  for (const what of errorsInEvent(truth, asked, outcome, slack.ms()))
    report.violate(what, { ...context, call });
  return outcome.__typename === "JobInstance" ? call : null;
}

/** A stream completes only after its last state. Interruptions look like one, and have a cause. */
function errorInEnd(
  { truth, slack }: Chaos,
  { run, identity }: Viewer,
  error: Error | null,
  last: LiveStream["results"][number] | undefined,
): string | null {
  const isEnding = run.ending !== null;
  if (!error) {
    const outcome: Outcome | undefined = last?.data?.jobInstanceUpdated;
    const isFinal = outcome && (outcome.__typename !== "JobInstance" || outcome.isFinished === true);
    return isFinal || (last?.errors?.length ?? 0) > 0 ? null : "A stream completed without a last state";
  }
  if (isEnding) return null;
  const failed = { identity, sentAt: performance.now(), isEnding, expected: [], isLive: true };
  for (const each of errorsOf(error)) {
    const what = errorInError(truth, each, failed, slack.ms());
    if (what) return what;
  }
  return errorsOf(error).length > 0 ? null : INTERRUPTED;
}

/** A client reports a list of GraphQL errors as JSON. */
function errorsOf({ message }: Error): readonly GraphQLError[] {
  if (!message.startsWith("[{")) return [];
  return JSON.parse(message) as GraphQLError[];
}

const endName = (error: Error): string => {
  const codes = errorsOf(error).map(codeOf);
  return codes.length > 0 ? codes.join(" ") : "interrupted";
};

/** Subscribes, and disconnects without a word. */
async function vanish({ report, sent }: Chaos, choices: Choices, viewer: Viewer): Promise<void> {
  const { run, identity, jobId, withHosts, transport } = viewer;
  const payload = { query: documentOf("live", withHosts), variables: { ref: refOf(jobId) } };
  const ms = choices.between(0, 500);
  report.count("ends of subscriptions", "vanished");
  const violate = (what: string, error: unknown) =>
    report.violate(what, { ...describe(viewer), error: String(error) });
  if (transport === "webSocket") {
    const opened = openConnection(run.url, headersOf(identity)).catch((error: unknown) => {
      if (!run.ending) violate("A WebSocket failed while its process must serve", error);
    });
    const socket = await within(MAX_FIRST_RESULT_MS, opened);
    socket?.send({ id: "1", type: "subscribe", payload });
    await pause(ms);
    socket?.socket.terminate();
    return;
  }
  const accept = transport === "events" ? "text/event-stream" : "multipart/mixed;subscriptionSpec=1.0";
  const headers = { "content-type": "application/json", accept, ...headersOf(identity), ...sent.mark() };
  const path = transport === "events" ? "/stream" : "";
  const request = { method: "POST", path, headers, body: JSON.stringify(payload) } as const;
  const { kind } = await exchange(run, request, choices.pick(["goneBefore", "goneDuring"]));
  if (!run.ending && (kind === "failed" || kind === "silent")) violate("A stream did not begin", kind);
}
