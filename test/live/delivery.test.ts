/** Delivery of states when polls with and without host results overlap. */
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createDelivery } from "../../src/live/delivery.ts";
import { createSubscribers, type Subscriber } from "../../src/live/subscribers.ts";
import type { JobOutcome, RequiredData } from "../../src/model/job-instance.ts";
import { createCaller } from "../../src/upstream/caller.ts";
import { CircuitOpen } from "../../src/upstream/circuit-breaker.ts";
import { UpstreamError } from "../../src/upstream/upstream-error.ts";
import { jobInstance } from "../support/job-instance.ts";

it("never sends a state that is older than the last one", async () => {
  const subscribers = createSubscribers({
    recheckMs: 60_000,
    schedule: { scheduleMs: [1_000], maxFailures: 1 },
    check: () => Promise.reject(new Error("Expected no check.")),
    onEmpty: () => {},
  });
  const { deliver } = createDelivery(subscribers, () => {});
  const names: Record<RequiredData, string[]> = { status: [], hosts: [] };
  const leave = (["status", "hosts"] as const).map((requiredData) => {
    const caller = createCaller({ authorization: requiredData, tenantId: null, language: null });
    const next: Subscriber["next"] = ({ outcome }) =>
      names[requiredData].push(outcome.kind === "job" ? outcome.name : outcome.kind);
    const subscriber: Subscriber = { caller, requiredData, next, end: () => {} };
    const group = subscribers.add(subscriber);
    return () => subscribers.remove(group, subscriber);
  });
  const present = subscribers.list();

  // A poll with host results that started first returns after a poll for the status.
  await deliver({ job: jobInstance({ name: "newer" }), requiredData: "status", startedAt: 2, present });
  await deliver({ job: jobInstance({ name: "older" }), requiredData: "hosts", startedAt: 1, present });
  expect(names).toEqual({ status: ["newer"], hosts: ["older"] });

  // And the reverse.
  await deliver({ job: jobInstance({ name: "newest" }), requiredData: "hosts", startedAt: 4, present });
  await deliver({ job: jobInstance({ name: "old" }), requiredData: "status", startedAt: 3, present });
  expect(names).toEqual({ status: ["newer", "newest"], hosts: ["older", "newest"] });
  for (const end of leave) end();
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
      recheckMs: RECHECK_MS,
      schedule: { scheduleMs: [RECHECK_MS], maxFailures: 10 },
      check: () => {
        const check = Promise.withResolvers<JobOutcome>();
        checks.push(check);
        return check.promise;
      },
      onEmpty: () => {},
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
    let startedAt = 0;
    const deliverJob = (name: string, isFinished = false) => {
      startedAt += 1;
      const job = jobInstance({ name, isFinished });
      return deliver({ job, requiredData: "status", startedAt, present: subscribers.list() });
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
