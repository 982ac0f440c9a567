/** Requests that reach every metric: operations of all kinds, transports and outcomes. */
import { AUTHORIZATION, jobField, jobSubscription, onJob, postOperation } from "../support/ask.ts";
import {
  type LiveStream,
  subscribeByApolloClient,
  subscribeByEvents,
  subscribeByWebSocket,
} from "../support/live-clients.ts";

const named = (name: string, id: string, selection: string) => `query ${name} { ${jobField(id, selection)} }`;
const STATUS = onJob("name status");
const STEPS = onJob("name status steps { name status startedAt }");
const HOSTS = onJob("steps { hostResults(first: 100) { totalCount nodes { ip status } } }");

/** Never finishes. */
const RUNNING_JOB = "20000000008";

/** The first seven succeed. */
export const QUERIES: readonly string[] = [
  named("JobOverview", "100", STATUS),
  named("JobOverview", "20000000002", STATUS),
  named("JobSteps", "20000000001", STEPS),
  named("HostTable", "20000000002", HOSTS),
  // 10 000 hosts.
  named("HostTable", "20000000006", HOSTS),
  named("FailedHosts", "20000000006", onJob("hostSummary { total }")),
  "query Schema { __schema { queryType { name } } }",
  named("JobOverview", "20000000404", STATUS),
  named("JobOverview", "20000000403", STATUS),
  // By the simulator: rate limit, internal error, bad gateway, a response that is not JSON.
  named("JobOverview", "20000090004", STATUS),
  named("JobSteps", "20000090005", STEPS),
  named("JobSteps", "20000090112", STEPS),
  named("JobSteps", "20000090301", STEPS),
  named("JobOverview", "0", STATUS),
  "query JobOverview {",
  "{ nothing }",
  // More aliases than the limit.
  `query Aliases { ${Array.from({ length: 1_001 }, (_, index) => `a${index}: __typename`).join(" ")} }`,
];

/** Sends a query and reads the response. */
export async function sendQuery(url: string, query: string): Promise<void> {
  const headers = { "x-bkapi-authorization": AUTHORIZATION };
  await (await postOperation(url, { query }, headers)).arrayBuffer();
}

/** Sends every query once, all at the same time, and those of one job twice: one call serves both. */
export async function sendRound(url: string): Promise<void> {
  const [first = ""] = QUERIES;
  await Promise.all([...QUERIES, first].map((query) => sendQuery(url, query)));
}

/** Subscribes to a running job over all transports. */
export const subscribeByAll = (url: string): readonly LiveStream[] =>
  [subscribeByWebSocket, subscribeByEvents, subscribeByApolloClient].map((subscribe) =>
    subscribe(url, {
      query: jobSubscription(RUNNING_JOB, STATUS).replace("subscription", "subscription JobUpdated"),
    }),
  );

/** Subscribes to a finished job, so that the subscription ends. */
export const subscribeToEnd = (url: string): Promise<void> =>
  subscribeByEvents(url, { query: jobSubscription("20000000001", STATUS) }).completed;
