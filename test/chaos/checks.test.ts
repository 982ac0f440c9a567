/** The chaos can fail: each rule finds a response that breaks it. */
import { describe, expect, it } from "vitest";
import { type Asked, errorsInEvent, errorsInOutcome, type Outcome, type StaleMark } from "./checks.ts";
import { errorInError } from "./error-checks.ts";
import { IDENTITIES, type Identity, STRANGERS } from "./identities.ts";
import { createOrder } from "./order.ts";
import { RECHECK_MS, STALE_IF_ERROR_MS, UPSTREAM_TIMEOUT_MS } from "./settings.ts";
import { type Call, createTruth, rowsAt } from "./truth.ts";

const [ALICE, BOB, , DAVE] = IDENTITIES as readonly [Identity, Identity, Identity, Identity];
const [ANY_STRANGER] = STRANGERS as readonly [Identity];

const truth = createTruth();
const [job] = truth.jobs;
const JOB = job?.id ?? "";
const VERSION = 7;
const NOW = performance.now();

let calls = 0;

/** A call that has just returned the job. */
function addCall(fields: Partial<Call> = {}): Call {
  calls += 1;
  const call: Call = {
    id: `call-${calls}`,
    identity: ALICE,
    jobId: JOB,
    withHosts: true,
    outcome: "job",
    version: VERSION,
    startedFrom: NOW - 20,
    arrivedAt: NOW - 10,
    sentAt: NOW - 5,
    ...fields,
  };
  truth.addCall(call);
  return call;
}

const ASKED: Asked = {
  identity: ALICE,
  jobId: JOB,
  withHosts: true,
  isFresh: false,
  sentAt: NOW,
  receivedAt: NOW + 5,
  staleIfErrorMs: STALE_IF_ERROR_MS,
};

/** The outcome of the call, with the parts of one version. */
function outcomeOf(call: Call, changes: Partial<Outcome> = {}): Outcome {
  const rows = job ? rowsAt(job, call.version) : 0;
  const tag = `v${call.version}`;
  const step = {
    name: tag,
    hostResults: { totalCount: rows, nodes: Array(rows).fill({ tag, exitCode: call.version }) },
  };
  return {
    __typename: "JobInstance",
    upstreamRequestId: call.id,
    jobInstanceId: JOB,
    name: `job ${JOB} ${tag}`,
    isFinished: false,
    observedAt: new Date(Date.now() - performance.now() + call.arrivedAt + 1).toISOString(),
    steps: [step, step],
    hostSummary: { total: 2 * rows },
    ...changes,
  };
}

const check = (call: Call, asked: Partial<Asked> = {}, changes: Partial<Outcome> = {}, mark?: StaleMark) =>
  errorsInOutcome(truth, { ...ASKED, ...asked }, outcomeOf(call, changes), mark ?? null, 0);

const markOf = (ageMs: number): StaleMark => ({
  ref: { jobInstanceId: JOB },
  ageMs,
  code: "UPSTREAM_UNAVAILABLE",
});

const readBefore = (ms: number): Partial<Call> => ({
  startedFrom: NOW - ms,
  arrivedAt: NOW - ms,
  sentAt: NOW - ms,
});

describe("a response to a query", () => {
  it("is accepted if it is what the call returned", () => {
    expect(check(addCall())).toEqual([]);
    expect(check(addCall(readBefore(3_000)), {}, {}, markOf(3_000))).toEqual([]);
    expect(check(addCall({ outcome: "denied" }), {}, { __typename: "PermissionDenied" })).toEqual([]);
  });

  it.each<[string, Call, Partial<Asked>?, Partial<Outcome>?, StaleMark?]>([
    ["The response was given to another identity", addCall({ identity: BOB })],
    ["The response is about another job", addCall({ jobId: "70002" })],
    ["Expected what the call returned: truncated", addCall({ outcome: "truncated" })],
    ["Expected what the call returned: denied", addCall({ outcome: "denied" })],
    ["The name is of another version", addCall(), {}, { name: `job ${JOB} v6` }],
    ["isFinished is of another version", addCall(), {}, { isFinished: true }],
    ["Host results of a call that did not request them", addCall({ withHosts: false })],
    ["The steps are not of one version", addCall(), {}, { hostSummary: { total: 1 } }],
    [
      "The steps are not of one version",
      addCall(),
      {},
      { steps: outcomeOf(addCall({ version: 6 })).steps ?? [] },
    ],
    ["observedAt is not when the call was made", addCall(), {}, { observedAt: "2026-01-01T00:00:00.000Z" }],
    ["An old response without a mark", addCall(readBefore(3_000))],
    ["The response is older than the request with no-cache", addCall(), { isFresh: true }],
    ["A stale response of an instance that serves none", addCall(), { staleIfErrorMs: 0 }, {}, markOf(5)],
    ["A stale response that is too old", addCall(readBefore(9_000)), {}, {}, markOf(9_000)],
    ["The age of a stale response is too low", addCall(readBefore(3_000)), {}, {}, markOf(10)],
    ["The age of a stale response is too high", addCall(readBefore(3_000)), {}, {}, markOf(9_000)],
    ["A stale problem", addCall({ outcome: "denied" }), {}, { __typename: "PermissionDenied" }, markOf(5)],
  ])("is rejected: %s", (what, call, asked, changes, mark) => {
    expect(check(call, asked, changes, mark)).toContain(what);
  });

  it("is rejected if it belongs to no call", () => {
    expect(check(addCall(), {}, { upstreamRequestId: "call-0" })).toEqual([
      "The response belongs to no upstream call",
    ]);
  });

  it("is rejected if it is older than one before", () => {
    const order = createOrder();
    const older = addCall({ version: 6, ...readBefore(100) });
    const newer = addCall();
    order.note("key", NOW, newer);
    expect(order.isOlder("key", NOW + 1, older)).toBe(true);
    expect(order.isLower("key", NOW + 1, older)).toBe(true);
    expect(order.isOlder("key", NOW + 1, newer)).toBe(false);
    // The order of responses to requests at the same time is not known.
    expect(order.isOlder("key", NOW - 1, older)).toBe(false);
    expect(order.isOlder("another key", NOW + 1, older)).toBe(false);
  });
});

describe("an event", () => {
  const checkEvent = (call: Call, identity: Identity, sharing: "job" | "identity", receivedAt = NOW) =>
    errorsInEvent(truth, { ...ASKED, identity, sharing, receivedAt }, outcomeOf(call), 0);

  it("may be of a poll of another identity of the tenant, if polls are shared", () => {
    const call = addCall({ identity: BOB });
    expect(checkEvent(call, ALICE, "job")).toEqual([]);
    expect(checkEvent(call, ALICE, "identity")).toEqual(["The event was given to another identity"]);
    expect(checkEvent(call, DAVE, "job")).toEqual(["The event was given to another identity"]);
  });

  it("is rejected after the permission was withdrawn", () => {
    truth.permit(ALICE, JOB, false);
    const withdrawnAt = performance.now();
    const call = addCall({ identity: BOB });
    expect(checkEvent(call, ALICE, "job", withdrawnAt + RECHECK_MS)).toEqual([]);
    expect(checkEvent(call, ALICE, "job", withdrawnAt + RECHECK_MS + UPSTREAM_TIMEOUT_MS + 1)).toEqual([
      "An event after the permission was withdrawn",
    ]);
    truth.permit(ALICE, JOB, true);
  });
});

describe("an error", () => {
  const checkError = (code: string, call: Call | null = null, identity = ALICE) => {
    const extensions = { code, ...(call && { upstream: { gatewayRequestId: call.id } }) };
    const failed = { identity, sentAt: NOW, isEnding: false, expected: [], isLive: false };
    return errorInError(truth, { message: "", extensions }, failed, 0);
  };

  it("is accepted with the code of what happened", () => {
    expect(checkError("UPSTREAM_CONTRACT", addCall({ outcome: "garbage" }))).toBeNull();
    expect(
      checkError("UNAUTHENTICATED", addCall({ outcome: "unauthorized", identity: null }), ANY_STRANGER),
    ).toBeNull();
  });

  it.each<[string, string, Call?]>([
    ["An error without a documented code", "undefined"],
    ["An internal error", "INTERNAL_SERVER_ERROR"],
    ["SHUTTING_DOWN of a process that must serve", "SHUTTING_DOWN"],
    ["An error without a cause", "UPSTREAM_UNAVAILABLE"],
    ["An error without a cause", "UNAUTHENTICATED"],
    ["The error has another cause", "UPSTREAM_CONTRACT", addCall({ outcome: "http502" })],
    ["The error has another cause", "UPSTREAM_CONTRACT", addCall()],
    [
      "The error was given to another identity",
      "FORBIDDEN",
      addCall({ outcome: "forbidden", identity: BOB }),
    ],
  ])("is rejected: %s (%s)", (what, code, call) => {
    expect(checkError(code, call)).toBe(what);
  });
});
