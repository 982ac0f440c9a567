/** How many snapshots are read from Redis at the same time. */
import { expect, it } from "vitest";
import { createRedisClock } from "../../src/redis/redis-clock.ts";
import { createSnapshotStore } from "../../src/redis/snapshot-store.ts";

const OPTIONS = {
  secret: "0123456789abcdef0123456789abcdef",
  prefix: "snapshot",
  namespace: "",
  maxBytes: 2 ** 20,
  maxBodyBytes: 2 ** 20,
  maxAgeMs: 1_000,
  timeoutMs: 600_000,
};

/** A store whose commands are held until `answer`. */
function useHeldStore(timeoutMs = OPTIONS.timeoutMs) {
  const held: ((reply: null) => void)[] = [];
  const reserved: unknown[] = [];
  let skipped = 0;
  const store = createSnapshotStore(
    {
      send: (_command, _args, maxReplyBytes) => {
        reserved.push(maxReplyBytes);
        return new Promise((resolve) => held.push(resolve));
      },
      skip: () => {
        skipped += 1;
      },
      clock: createRedisClock(1_000),
      isUp: () => true,
      close: async () => {},
    },
    { ...OPTIONS, timeoutMs },
  );
  const answer = () => {
    for (const resolve of held.splice(0)) resolve(null);
  };
  return { store, held, reserved, answer, skipped: () => skipped };
}

it("reads four at a time, lets 200 wait, and skips further ones at once", async () => {
  const { store, held, reserved, answer, skipped } = useHeldStore();
  const waiting = Array.from({ length: 204 }, (_, index) => store.get(String(index)));
  await expect.poll(() => held.length).toBe(4);
  expect(await store.get("one more")).toBeNull();
  expect(skipped()).toBe(1);
  expect(held).toHaveLength(4);
  expect(reserved[0]).toBeGreaterThan(OPTIONS.maxBytes);
  answer();
  await expect.poll(() => held.length).toBe(4);
  const answering = setInterval(answer);
  expect(await Promise.all(waiting)).toEqual(waiting.map(() => null));
  clearInterval(answering);
  expect(reserved).toHaveLength(204);
});

it("skips those that have waited as long as a command may take", async () => {
  const { store, held, answer, skipped } = useHeldStore(-1);
  const waiting = [store.get("a")];
  expect(await Promise.all(waiting)).toEqual([null]);
  expect(held).toHaveLength(0);
  expect(skipped()).toBe(1);
  answer();
});
