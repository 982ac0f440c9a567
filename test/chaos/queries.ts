/** Queries: how they are drawn and sent, and the check of their responses. */
import { hash } from "node:crypto";
import type { Chaos } from "./chaos.ts";
import { type Asked, errorsInOutcome, type Outcome, type StaleMark } from "./checks.ts";
import type { Choices } from "./choices.ts";
import { documentOf, refOf } from "./documents.ts";
import { callOfError, codeOf, errorInError, type GraphQLError } from "./error-checks.ts";
import { type Exchange, exchange, type HttpRequest, type Manner } from "./exchange.ts";
import { headersOf, type Identity, SECRET } from "./identities.ts";
import type { Run } from "./instances.ts";
import { HOT_JOB, LARGE_JOB, MISSING_JOB } from "./truth.ts";

export interface Query {
  readonly identity: Identity;
  /** One job, or several in one operation. */
  readonly jobIds: readonly string[];
  readonly withHosts: boolean;
  readonly isFresh: boolean;
  readonly transport: "POST" | "GET" | "persisted";
  readonly manner: Manner;
  readonly deadlineMs: number | null;
}

interface QueryResult {
  readonly data?: {
    readonly jobInstance?: Outcome | null;
    readonly jobInstances?: readonly (Outcome | null)[];
  } | null;
  readonly errors?: readonly GraphQLError[];
  readonly extensions?: { readonly stale?: readonly StaleMark[] };
}

const MANNERS: Readonly<Record<Manner, number>> = {
  polite: 80,
  slowReader: 5,
  halfBody: 4,
  goneBefore: 6,
  goneDuring: 5,
};

const TRANSPORTS: Readonly<Record<Query["transport"], number>> = { POST: 60, GET: 20, persisted: 20 };

export function drawQuery({ truth }: Chaos, choices: Choices, identity: Identity): Query {
  const drawJob = () => {
    if (choices.chance(0.03)) return MISSING_JOB;
    // Calls for one job overlap only if many clients read it.
    if (choices.chance(0.5)) return HOT_JOB;
    const { id } = choices.pick(truth.jobs);
    // Its responses are hundreds of times as large.
    return id === LARGE_JOB && choices.chance(0.8) ? (truth.jobs[0]?.id ?? id) : id;
  };
  const jobIds = choices.chance(0.15) ? [...new Set([drawJob(), drawJob(), drawJob()])] : [drawJob()];
  const transport = choices.weighted(TRANSPORTS);
  const manner = choices.weighted(MANNERS);
  return {
    identity,
    jobIds,
    withHosts: choices.chance(0.4),
    isFresh: choices.chance(0.2),
    transport: manner === "halfBody" ? "POST" : transport,
    manner,
    deadlineMs: choices.chance(0.05) ? choices.between(20, 400) : null,
  };
}

/** The request, with the document or only with its hash. */
function requestOf(query: Query, mark: Record<string, string>, hasDocument: boolean): HttpRequest {
  const { identity, jobIds, withHosts, isFresh, transport, deadlineMs } = query;
  const isSeveral = jobIds.length > 1;
  const document = documentOf(isSeveral ? "several" : "one", withHosts);
  const refs = jobIds.map(refOf);
  const fields = {
    ...(hasDocument && { query: document }),
    variables: isSeveral ? { refs } : { ref: refs[0] },
    ...(transport === "persisted" && {
      extensions: { persistedQuery: { version: 1, sha256Hash: hash("sha256", document) } },
    }),
  };
  const headers = {
    "content-type": "application/json",
    "accept-encoding": "gzip",
    ...headersOf(identity),
    ...mark,
    ...(isFresh && { "cache-control": "no-cache" }),
    ...(deadlineMs !== null && { "x-request-deadline-ms": String(deadlineMs) }),
  };
  if (transport === "POST") return { method: "POST", path: "", headers, body: JSON.stringify(fields) };
  const parameters = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return { method: "GET", path: `?${new URLSearchParams(parameters)}`, headers, body: "" };
}

/** Sends the query to the process, and checks the response. */
export async function sendQuery(chaos: Chaos, run: Run, query: Query): Promise<void> {
  const { transport, manner } = query;
  chaos.report.count("queries", transport);
  if (query.jobIds.length > 1) chaos.report.count("queries of several jobs", transport);
  chaos.report.count("clients", manner);
  const isKnown = await sendOnce(chaos, run, query, transport !== "persisted");
  if (!isKnown) await sendOnce(chaos, run, query, true);
}

/** @returns whether the gateway knew the document */
async function sendOnce(chaos: Chaos, run: Run, query: Query, hasDocument: boolean): Promise<boolean> {
  const sentAt = performance.now();
  const mark = chaos.sent.mark();
  const result = await exchange(run, requestOf(query, mark, hasDocument), query.manner);
  const sending = { chaos, run, query, hasDocument, sentAt, ...mark };
  chaos.report.count("exchanges", result.kind);
  if (result.kind === "answered") return checkAnswer(sending, result);
  const error = errorInExchange(sending, result);
  if (error) chaos.report.violate(error, { run: run.name, ending: run.ending, query, result });
  return true;
}

interface Sending {
  readonly chaos: Chaos;
  readonly run: Run;
  readonly query: Query;
  readonly hasDocument: boolean;
  readonly sentAt: number;
  readonly traceparent: string;
}

/** A request may remain without a response only if its client left, or its process was ended. */
function errorInExchange({ chaos, run, traceparent }: Sending, result: Exchange): string | null {
  if (result.kind === "vanished") return null;
  if (result.kind === "silent") return "A request without an answer";
  if (!run.ending) return "A connection failed while its process must serve";
  // A process that shuts down answers what it has received before.
  const wasInFlight = chaos.sent.calledAt(traceparent) < run.ending.at;
  return run.ending.signal === "SIGTERM" && wasInFlight ? "Shutdown has lost a request" : null;
}

function checkAnswer(sending: Sending, { status, text }: Exchange & { kind: "answered" }): boolean {
  const { chaos, run, query } = sending;
  const { report, truth, slack } = chaos;
  const receivedAt = performance.now();
  const violate = (what: string, details: object = {}) =>
    report.violate(what, { run: run.name, query, ...details, status, text: text.slice(0, 1_000) });
  if (text.includes(SECRET)) violate("Credentials in a response");
  const result = parse(text);
  if (!result) {
    violate("A response that is no GraphQL result");
    return true;
  }
  const { data, errors = [], extensions } = result;
  const failed = {
    identity: query.identity,
    sentAt: sending.sentAt,
    isEnding: run.ending !== null,
    expected: expectedCodes(sending),
    isLive: false,
  };
  for (const error of errors) {
    report.count("errors of queries", codeOf(error));
    const what = errorInError(truth, error, failed, slack.ms());
    if (what) violate(what, { error, call: callOfError(truth, error) });
    noteRejection(sending, error, receivedAt);
  }
  if (codesOf(errors).includes("PERSISTED_QUERY_NOT_FOUND")) return false;
  const outcomes = data?.jobInstances ?? (data ? [data.jobInstance ?? null] : []);
  if (data && outcomes.length !== query.jobIds.length) violate("A response with another number of jobs");
  if (!data && errors.length === 0) violate("A response with neither data nor errors");
  for (const [index, outcome] of outcomes.entries()) {
    const jobId = query.jobIds[index] ?? "";
    const path = data?.jobInstances ? ["jobInstances", index] : ["jobInstance"];
    if (outcome === null && !errors.some((error) => String(error.path) === String(path)))
      violate("A job that is null without an error", { jobId });
    const mark = extensions?.stale?.find(({ ref }) => ref.jobInstanceId === jobId) ?? null;
    if (outcome) checkOutcome(sending, jobId, outcome, mark, receivedAt, violate);
  }
  return true;
}

const codesOf = (errors: readonly GraphQLError[]): readonly string[] => errors.map(codeOf);

const expectedCodes = ({ query, hasDocument }: Sending): readonly string[] => [
  ...(hasDocument ? [] : ["PERSISTED_QUERY_NOT_FOUND"]),
  ...(query.deadlineMs === null ? [] : ["UPSTREAM_TIMEOUT"]),
];

function parse(text: string): QueryResult | null {
  try {
    // Each part that is used is compared with what it must be.
    const result = JSON.parse(text) as QueryResult | null;
    return typeof result === "object" ? result : null;
  } catch {
    return null;
  }
}

type Violate = (what: string, details?: object) => void;

function checkOutcome(
  { chaos, run, query, sentAt }: Sending,
  jobId: string,
  outcome: Outcome,
  mark: StaleMark | null,
  receivedAt: number,
  violate: Violate,
): void {
  const { report, truth, slack } = chaos;
  const { identity, withHosts, isFresh } = query;
  const { staleIfErrorMs } = run.kind;
  report.count("outcomes", mark ? "stale JobInstance" : outcome.__typename);
  if (!identity.isKnown) violate("Data for a stranger", { jobId });
  const asked: Asked = { identity, jobId, withHosts, isFresh, sentAt, receivedAt, staleIfErrorMs };
  const call = truth.callOf(outcome.upstreamRequestId);
  const details = { jobId, mark, call, sentAt, receivedAt };
  for (const what of errorsInOutcome(truth, asked, outcome, mark, slack.ms())) violate(what, details);
  if (!call) return;
  // Each process has an order of its own.
  if (run.kind.workers > 1) return;
  for (const key of [`${identity.name} ${jobId}`, `${identity.name} rejected`]) {
    if (run.order.isOlder(key, sentAt, call)) violate("A response that is older than one before", details);
  }
  const key = `${identity.name} ${jobId}`;
  if (run.order.isLower(key, sentAt, call)) report.count("lower versions", "calls that overlap");
  run.order.note(key, receivedAt, call);
}

/** After the upstream has rejected credentials, no earlier response to them may be served. */
function noteRejection({ chaos, run, query }: Sending, error: GraphQLError, receivedAt: number): void {
  const code = codeOf(error);
  if (code !== "UNAUTHENTICATED" && code !== "FORBIDDEN") return;
  const call = callOfError(chaos.truth, error);
  // Its version is of another job, perhaps.
  if (call) run.order.note(`${query.identity.name} rejected`, receivedAt, { ...call, version: 0 });
}
