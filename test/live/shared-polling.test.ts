/** What an instance does with what it hears about the polls of others. */
import { expect, it, onTestFinished, vi } from "vitest";
import { createDelivery } from "../../src/live/delivery.ts";
import { createPollSchedule } from "../../src/live/poll-schedule.ts";
import { createSharedPolling } from "../../src/live/shared-polling.ts";
import { createSubscribers, type Subscriber } from "../../src/live/subscribers.ts";
import type { ClaimRefusal, SharedPoll } from "../../src/redis/shared-polls.ts";
import { createCaller } from "../../src/upstream/caller.ts";
import { UpstreamError } from "../../src/upstream/upstream-error.ts";
import { jobInstance } from "../support/job-instance.ts";

const INTERVAL_MS = 20;
const LEASE_MS = 60_000;

/** One subscriber, whose instance hears about others only what the test says. */
function useSharedPolling(overrides: Partial<SharedPoll> = {}, leaseMs = LEASE_MS) {
  const schedule = { scheduleMs: [INTERVAL_MS], maxFailures: 10 };
  const subscribers = createSubscribers({
    recheckMs: 60_000,
    schedule,
    check: () => Promise.reject(new Error("Expected no check.")),
    onEmpty: () => {},
  });
  const received: string[] = [];
  const subscriber: Subscriber = {
    caller: createCaller({ authorization: "ann", tenantId: null, language: null }),
    requiredData: "status",
    next: ({ outcome }) => received.push(outcome.kind === "job" ? outcome.name : outcome.kind),
    end: () => {},
  };
  const group = subscribers.add(subscriber);
  onTestFinished(() => subscribers.remove(group, subscriber));
  const addedAt = performance.now();
  let isFailing = false;
  let refusal: ClaimRefusal | null = null;
  /** The start of the stored result. */
  let storedStart = addedAt;
  const shared: SharedPoll = {
    claim: async (_requiredData, since) =>
      refusal?.kind === "polled" && since === Infinity ? null : refusal,
    release: () => {},
    publish: async () => {},
    read: async () => ({
      body: Buffer.from("shared"),
      earliestStart: storedStart,
      latestStart: storedStart,
      receivedAt: storedStart,
      info: { source: { poller: "other", startedAt: storedStart } },
    }),
    hasOthers: () => true,
    leave: () => {},
    ...overrides,
  };
  const delivery = createDelivery(subscribers, () => {});
  const polling = createSharedPolling({
    polls: { join: () => shared, leaseMs },
    key: "",
    decodeJob: ({ body }) => jobInstance({ name: String(body) }),
    onLookup: null,
    isStatusPolled: () => true,
    poll: async () => {
      if (isFailing) throw new UpstreamError("UPSTREAM_UNAVAILABLE", "");
      return jobInstance({ name: "own" });
    },
    subscribers,
    delivery,
    schedules: { status: createPollSchedule(schedule), hosts: createPollSchedule(schedule) },
  });
  return {
    received,
    pollOnce: () => polling.pollOnce("status"),
    postponedMs: polling.postponedMs,
    fail: () => {
      isFailing = true;
    },
    refuse: (reason: ClaimRefusal) => {
      refusal = reason;
    },
    storeFrom: (startedAt: number) => {
      storedStart = startedAt;
    },
  };
}

it("delivers a newer result instead of polling, and then waits longer than the one that has polled", async () => {
  const { received, pollOnce, postponedMs, refuse, storeFrom } = useSharedPolling();
  refuse({ kind: "polled", requiredData: "status" });
  storeFrom(performance.now());
  expect(await pollOnce()).toMatchObject({ kind: "delivered" });
  expect(received).toEqual(["shared"]);
  expect(postponedMs()).toBeGreaterThan(INTERVAL_MS);
});

it("polls if the result is older than the last one, which does not postpone the poll", async () => {
  const { received, pollOnce, postponedMs, refuse, storeFrom } = useSharedPolling();
  storeFrom(performance.now());
  await pollOnce();
  refuse({ kind: "polled", requiredData: "status" });
  expect(await pollOnce()).toMatchObject({ kind: "delivered", waitMs: INTERVAL_MS });
  expect(received).toEqual(["own", "own"]);
  expect(postponedMs()).toBe(-Infinity);
});

it("lets others poll first after a failure, if there are others", async () => {
  const paused: (number | undefined)[] = [];
  const release: SharedPoll["release"] = (_requiredData, pauseMs) => void paused.push(pauseMs);
  const withOthers = useSharedPolling({ release });
  withOthers.fail();
  expect(await withOthers.pollOnce()).toMatchObject({ kind: "failed", waitMs: INTERVAL_MS + 1_000 });
  const alone = useSharedPolling({ release, hasOthers: () => false });
  alone.fail();
  expect(await alone.pollOnce()).toMatchObject({ kind: "failed", waitMs: INTERVAL_MS });
  expect(paused).toEqual([INTERVAL_MS, INTERVAL_MS]);
});

it("looks again soon while another instance polls", async () => {
  const { received, pollOnce, refuse } = useSharedPolling();
  refuse({ kind: "taken", waitMs: LEASE_MS });
  expect(await pollOnce()).toEqual({ kind: "skipped", waitMs: 500 });
  refuse({ kind: "taken", waitMs: 3 });
  expect(await pollOnce()).toEqual({ kind: "skipped", waitMs: 3 });
  expect(received).toEqual([]);
});

it("waits for several others, one after the other, while their polls fail", async () => {
  const { pollOnce, refuse } = useSharedPolling();
  refuse({ kind: "taken", waitMs: LEASE_MS });
  await pollOnce();
  const startedAt = performance.now();
  const clock = vi.spyOn(performance, "now");
  onTestFinished(() => void clock.mockRestore());
  clock.mockReturnValue(startedAt + 4 * LEASE_MS);
  expect(await pollOnce()).toMatchObject({ kind: "skipped" });
  clock.mockReturnValue(startedAt + 5 * LEASE_MS + 1);
  expect(await pollOnce()).toMatchObject({ kind: "delivered" });
});

it("waits for others again after a poll for which it has waited too long", async () => {
  const { pollOnce, refuse, fail } = useSharedPolling({}, 0);
  fail();
  refuse({ kind: "taken", waitMs: LEASE_MS });
  const kinds: string[] = [];
  for (let count = 0; count < 4; count += 1) kinds.push((await pollOnce()).kind);
  expect(kinds).toEqual(["skipped", "failed", "skipped", "failed"]);
});

it("does not wait longer if there are always results that cannot be used", async () => {
  const claim: SharedPoll["claim"] = async (_requiredData, since) =>
    since === Infinity ? { kind: "taken", waitMs: LEASE_MS } : { kind: "polled", requiredData: "status" };
  const { pollOnce } = useSharedPolling({ claim, read: async () => null }, 0);
  expect(await pollOnce()).toMatchObject({ kind: "skipped" });
  expect(await pollOnce()).toMatchObject({ kind: "delivered" });
});
