/** Shutdown ends even if a part of the gateway does not close. */
import { expect, it, vi } from "vitest";
import { MAX_CLOSE_MS } from "../../src/gateway.ts";
import { useGateway } from "../support/gateway.ts";

const sleeps = await vi.hoisted(async () => (await import("../support/sleeps.ts")).createSleeps());
vi.mock("node:timers/promises", async (original) => sleeps.mock(await original()));

const hanging = vi.hoisted(() => ({ close: () => new Promise<void>(() => {}) }));
vi.mock("../../src/redis/shared-state.ts", () => ({
  createSharedState: () => ({
    documents: null,
    snapshots: null,
    isUp: () => true,
    close: () => hanging.close(),
  }),
}));

it("does not wait for a connection that does not close", async () => {
  const redis = { url: "redis://127.0.0.1", timeoutMs: 1, snapshots: null };
  const gateway = await useGateway({ config: { redis } });
  const held = sleeps.hold();
  const closed = gateway.close();
  // The limit of the parts that are closed after the drain, which takes no time here.
  const limitOf = () => held.lengths().find((ms) => ms > 4_000);
  await expect.poll(limitOf).toBeLessThan(MAX_CLOSE_MS);
  await held.end(limitOf() ?? 0);
  await closed;
  hanging.close = async () => {};
});
