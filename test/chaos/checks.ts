/** What must hold for each outcome in a response: it is what the upstream said to this identity, and no older than permitted. */
import type { Identity } from "./identities.ts";
import {
  MAX_AGE_FINISHED_MS,
  MAX_AGE_PROBLEM_MS,
  MAX_AGE_RUNNING_MS,
  RECHECK_MS,
  STALE_IF_ERROR_MS,
  UPSTREAM_TIMEOUT_MS,
} from "./settings.ts";
import { type Call, isFinishedAt, type Job, rowsAt, type Truth } from "./truth.ts";
import { nameAt, tagAt } from "./upstream.ts";

/** The selections of `documents.ts`. */
export interface Outcome {
  readonly __typename: "JobInstance" | "JobInstanceNotFound" | "PermissionDenied";
  readonly upstreamRequestId: string | null;
  readonly jobInstanceId?: string;
  readonly name?: string;
  readonly isFinished?: boolean;
  readonly observedAt?: string;
  readonly steps?: readonly StepOutcome[];
  readonly hostSummary?: { readonly total: number };
}

interface StepOutcome {
  readonly name: string;
  readonly hostResults?: {
    readonly totalCount: number;
    readonly nodes: readonly { readonly tag: string | null; readonly exitCode: number | null }[];
  };
}

/** An entry of `extensions.stale`. */
export interface StaleMark {
  readonly ref: { readonly jobInstanceId: string };
  readonly ageMs: number;
  readonly code: string;
}

export interface Asked {
  readonly identity: Identity;
  readonly jobId: string;
  /** Whether the operation selects host results. */
  readonly withHosts: boolean;
  /** With `Cache-Control: no-cache`. */
  readonly isFresh: boolean;
  readonly sentAt: number;
  readonly receivedAt: number;
  /** Of the instance. 0: it never serves stale states. */
  readonly staleIfErrorMs: number;
}

/** @returns the rules that do not hold. */
export function errorsInOutcome(
  truth: Truth,
  asked: Asked,
  outcome: Outcome,
  mark: StaleMark | null,
  slackMs: number,
): readonly string[] {
  const call = truth.callOf(outcome.upstreamRequestId);
  if (!call) return ["The response belongs to no upstream call"];
  return [
    call.identity !== asked.identity && "The response was given to another identity",
    ...errorsInContent(truth, asked, outcome, call),
    ...errorsInAge(asked, outcome, call, mark, slackMs),
  ].filter((error) => error !== false);
}

/** An event of a subscription. Another identity of the tenant may have polled, if the instance shares polls. */
export function errorsInEvent(
  truth: Truth,
  asked: Asked & { readonly sharing: "job" | "identity" },
  outcome: Outcome,
  slackMs: number,
): readonly string[] {
  const { identity, sharing, jobId, receivedAt } = asked;
  const call = truth.callOf(outcome.upstreamRequestId);
  if (!call) return ["The event belongs to no upstream call"];
  const isOwn = call.identity === identity;
  const isShared = sharing === "job" && call.identity?.tenantId === identity.tenantId;
  // A check may take until the timeout.
  const since = receivedAt - RECHECK_MS - UPSTREAM_TIMEOUT_MS - slackMs;
  const isJob = outcome.__typename === "JobInstance";
  return [
    isJob && !isOwn && !isShared && "The event was given to another identity",
    !isJob && !isOwn && "The event denies the job to another identity",
    isJob &&
      !truth.wasPermittedSince(identity, jobId, since) &&
      "An event after the permission was withdrawn",
    ...errorsInContent(truth, asked, outcome, call),
  ].filter((error) => error !== false);
}

const OUTCOMES: Readonly<Record<Outcome["__typename"], Call["outcome"]>> = {
  JobInstance: "job",
  PermissionDenied: "denied",
  JobInstanceNotFound: "notFound",
};

/** Compares the content with what the call returned. */
function errorsInContent(
  truth: Truth,
  { jobId, withHosts }: Asked,
  outcome: Outcome,
  call: Call,
): readonly (string | false)[] {
  const job = truth.jobOf(jobId);
  const expected = OUTCOMES[outcome.__typename];
  if (call.jobId !== jobId) return ["The response is about another job"];
  if (call.outcome !== expected) return [`Expected what the call returned: ${call.outcome}`];
  if (expected !== "job" || !job) return [];
  return [
    outcome.jobInstanceId !== jobId && "The job has another id",
    outcome.name !== nameAt(jobId, call.version) && "The name is of another version",
    outcome.isFinished !== isFinishedAt(job, call.version) && "isFinished is of another version",
    withHosts && !call.withHosts && "Host results of a call that did not request them",
    !hasWholeSteps(outcome, job, call, withHosts) && "The steps are not of one version",
    !isReadDuring(call, outcome.observedAt) && "observedAt is not when the call was made",
  ];
}

function hasWholeSteps({ steps = [], hostSummary }: Outcome, job: Job, call: Call, withHosts: boolean) {
  const { version } = call;
  const rows = rowsAt(job, version);
  const isWhole = ({ name, hostResults }: StepOutcome) =>
    name === tagAt(version) &&
    (!withHosts ||
      (hostResults?.totalCount === rows &&
        hostResults.nodes.length === rows &&
        hostResults.nodes.every(({ tag, exitCode }) => tag === tagAt(version) && exitCode === version)));
  return steps.length === 2 && steps.every(isWhole) && (!withHosts || hostSummary?.total === 2 * rows);
}

/** Clocks are read in whole milliseconds, and adjusted a little. */
const CLOCK_MS = 50;

/** The gateway cannot have read the state before the call arrived, and not after now. */
function isReadDuring({ arrivedAt }: Call, observedAt = ""): boolean {
  const at = Date.parse(observedAt) - Date.now() + performance.now();
  return at >= arrivedAt - CLOCK_MS && at <= performance.now() + CLOCK_MS;
}

/** A state is served for its time, then only marked as stale, and only while that is permitted. */
function errorsInAge(
  { sentAt, receivedAt, isFresh, staleIfErrorMs }: Asked,
  { __typename, isFinished = false }: Outcome,
  call: Call,
  mark: StaleMark | null,
  slackMs: number,
): readonly (string | false)[] {
  // The call may have been answered, and the response used, before this process hears that it was sent.
  const ageMs = sentAt - Math.min(call.sentAt, receivedAt);
  if (isFresh) return [call.arrivedAt < sentAt && "The response is older than the request with no-cache"];
  if (!mark) return [ageMs > maxAgeOf(__typename, isFinished) + slackMs && "An old response without a mark"];
  return [
    __typename !== "JobInstance" && "A stale problem",
    staleIfErrorMs === 0 && "A stale response of an instance that serves none",
    sentAt - call.arrivedAt > STALE_IF_ERROR_MS + slackMs && "A stale response that is too old",
    !OUTAGES.has(mark.code) && "A stale response without an outage",
    mark.ageMs > receivedAt - call.startedFrom + slackMs && "The age of a stale response is too high",
    mark.ageMs < ageMs - slackMs && "The age of a stale response is too low",
  ];
}

const OUTAGES: ReadonlySet<string> = new Set(["UPSTREAM_UNAVAILABLE", "UPSTREAM_TIMEOUT", "UPSTREAM_ERROR"]);

function maxAgeOf(type: Outcome["__typename"], isFinished: boolean): number {
  if (type !== "JobInstance") return MAX_AGE_PROBLEM_MS;
  return isFinished ? MAX_AGE_FINISHED_MS : MAX_AGE_RUNNING_MS;
}
