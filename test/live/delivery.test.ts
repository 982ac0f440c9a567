/** Delivery of states when polls with and without host results overlap. */
import { expect, it } from "vitest";
import { createDelivery } from "../../src/live/delivery.ts";
import { createSubscribers, type Subscriber } from "../../src/live/subscribers.ts";
import type { RequiredData } from "../../src/model/job-instance.ts";
import { createCaller } from "../../src/upstream/caller.ts";
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
