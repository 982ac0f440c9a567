/** Delivery of states when polls with and without host results overlap. */
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createDelivery, type PollSource } from "../../src/live/delivery.ts";
import { createSubscribers, type Subscriber, type SubscribersOptions } from "../../src/live/subscribers.ts";
import type { JobOutcome, RequiredData } from "../../src/model/job-instance.ts";
import { createCaller } from "../../src/upstream/caller.ts";
import { CircuitOpen } from "../../src/upstream/circuit-breaker.ts";
import { UpstreamError } from "../../src/upstream/upstream-error.ts";
import { jobInstance } from "../support/job-instance.ts";

/** No check is made. */
const SUBSCRIBERS: SubscribersOptions = {
  recheckMs: 60_000,
  schedule: { scheduleMs: [1_000], maxFailures: 1 },
  check: () => Promise.reject(new Error("Expected no check.")),
  onEmpty: () => {},
};

/** Two subscribers, and the names of the jobs that they have received. Times are relative to when they were added. */
function useDelivery() {
  const subscribers = createSubscribers(SUBSCRIBERS);
  const delivery = createDelivery(subscribers, () => {});
  const names: Record<RequiredData, string[]> = { status: [], hosts: [] };
  for (const requiredData of ["status", "hosts"] as const) {
    const caller = createCaller({ authorization: requiredData, tenantId: null, language: null });
    const next: Subscriber["next"] = ({ outcome }) =>
      names[requiredData].push(outcome.kind === "job" ? outcome.name : outcome.kind);
    const subscriber: Subscriber = { caller, requiredData, next, end: () => {} };
    const group = subscribers.add(subscriber);
    onTestFinished(() => subscribers.remove(group, subscriber));
  }
  const addedAt = performance.now();
  const deliver = (
    name: string,
    requiredData: RequiredData,
    startedAt: number,
    latestStart = startedAt,
    source: PollSource | null = null,
  ) =>
    delivery.deliver({
      job: jobInstance({ name }),
      requiredData,
      startedAt: addedAt + startedAt,
      latestStart: addedAt + latestStart,
      source,
    });
  return { deliver, names };
}

it("never sends a state that is older than the last one", async () => {
  const { deliver, names } = useDelivery();
  // A poll with host results that started first returns after a poll for the status.
  await deliver("newer", "status", 2);
  await deliver("older", "hosts", 1);
  expect(names).toEqual({ status: ["newer"], hosts: ["older"] });

  // And the reverse.
  await deliver("newest", "hosts", 4);
  await deliver("old", "status", 3);
  expect(names).toEqual({ status: ["newer", "newest"], hosts: ["older", "newest"] });

  // Polls with host results of two instances.
  await deliver("old hosts", "hosts", 3.5);
  expect(names).toEqual({ status: ["newer", "newest"], hosts: ["older", "newest"] });
});

it("does not send a state that may be older than the last one", async () => {
  const { deliver, names } = useDelivery();
  await deliver("between 2 and 4", "hosts", 2, 4);
  await deliver("3", "hosts", 3);
  await deliver("between 3 and 6", "status", 3, 6);
  expect(names).toEqual({ status: ["between 2 and 4"], hosts: ["between 2 and 4"] });
  await deliver("between 5 and 7", "hosts", 5, 7);
  expect(names.hosts).toEqual(["between 2 and 4", "between 5 and 7"]);
});

it("compares polls of one other instance exactly", async () => {
  const { deliver, names } = useDelivery();
  const other = (startedAt: number) => ({ poller: "other", startedAt });
  await deliver("first", "hosts", 2, 6, other(1));
  await deliver("second", "hosts", 3, 7, other(2));
  await deliver("first", "hosts", 8, 9, other(1));
  await deliver("third instance", "hosts", 4, 8, { poller: "third", startedAt: 3 });
  expect(names).toEqual({ status: ["first", "second"], hosts: ["first", "second"] });
});

it("does not send a state of a poll that may have started before the subscriber was added", async () => {
  const { deliver, names } = useDelivery();
  await deliver("early", "hosts", -1_000, 1);
  expect(names).toEqual({ status: [], hosts: [] });
});

describe("a state that is found when the permission was last confirmed longer ago than the recheck interval", () => {
  const RECHECK_MS = 60_000;

  /** A subscriber whose permission is not current. `answer` settles the next check. */
  function useOverdueSubscriber() {
    // Continues to run, because `expect.poll` needs it.
    const realNow = performance.now.bind(performance);
    let elapsedMs = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => realNow() + elapsedMs);
    onTestFinished(() => clock.mockRestore());
    const checks: PromiseWithResolvers<JobOutcome>[] = [];
    const subscribers = createSubscribers({
      ...SUBSCRIBERS,
      recheckMs: RECHECK_MS,
      schedule: { scheduleMs: [RECHECK_MS], maxFailures: 10 },
      check: () => {
        const check = Promise.withResolvers<JobOutcome>();
        checks.push(check);
        return check.promise;
      },
    });
    const { deliver } = createDelivery(subscribers, () => {});
    const received: string[] = [];
    const subscriber: Subscriber = {
      caller: createCaller({ authorization: "eve", tenantId: null, language: null }),
      requiredData: "status",
      next: ({ outcome }) => received.push(outcome.kind === "job" ? outcome.name : outcome.kind),
      end: () => received.push("end"),
    };
    const group = subscribers.add(subscriber);
    onTestFinished(() => subscribers.remove(group, subscriber));
    elapsedMs = RECHECK_MS + 1;
    const deliverJob = (name: string, isFinished = false) => {
      const job = jobInstance({ name, isFinished });
      return deliver({ job, requiredData: "status", startedAt: performance.now() });
    };
    return { deliverJob, checks, received };
  }

  it("is sent after a check, which starts at once; only the newest one", async () => {
    const { deliverJob, checks, received } = useOverdueSubscriber();
    await deliverJob("first");
    await expect.poll(() => checks.length).toBe(1);
    await deliverJob("second");
    expect(received).toEqual([]);
    checks[0]?.resolve(jobInstance());
    await expect.poll(() => received).toEqual(["second"]);
    await deliverJob("third");
    expect(received).toEqual(["second", "third"]);
    expect(checks).toHaveLength(1);
  });

  it("is not sent if the permission was revoked", async () => {
    const { deliverJob, checks, received } = useOverdueSubscriber();
    await deliverJob("secret", true);
    await expect.poll(() => checks.length).toBe(1);
    checks[0]?.resolve({ kind: "denied", message: "", upstreamRequestId: null, application: null });
    await expect.poll(() => received).toEqual(["denied", "end"]);
  });

  it("is sent after the circuit breaker has closed, and ends the subscription if the job is finished", async () => {
    const { deliverJob, checks, received } = useOverdueSubscriber();
    await deliverJob("first");
    await expect.poll(() => checks.length).toBe(1);
    checks[0]?.reject(new CircuitOpen(RECHECK_MS));
    await expect
      .poll(async () => {
        await deliverJob("last", true);
        return checks.length;
      })
      .toBe(2);
    expect(received).toEqual([]);
    checks[1]?.resolve(jobInstance());
    await expect.poll(() => received).toEqual(["last", "end"]);
  });

  it("does not shorten the delay after a check that has failed", async () => {
    const { deliverJob, checks, received } = useOverdueSubscriber();
    await deliverJob("first");
    await expect.poll(() => checks.length).toBe(1);
    checks[0]?.reject(new UpstreamError("UPSTREAM_UNAVAILABLE", ""));
    for (let turn = 0; turn < 10; turn += 1) {
      await new Promise(setImmediate);
      await deliverJob("second");
    }
    expect([checks.length, received]).toEqual([1, []]);
  });
});
