/** Places and the queue are limited, and shared fairly between identities. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { createConcurrencyLimit } from "../../src/upstream/concurrency-limit.ts";

/** A limit, and the calls that it has started, in order. */
function limited(maxRunning: number, maxWaiting: number) {
  const limit = createConcurrencyLimit({ maxRunning, maxWaiting });
  const started: string[] = [];
  const acquire = (identity: string, call = identity) => limit.acquire(identity, () => started.push(call));
  return { started, acquire, release: limit.release };
}

it.each([
  [1, 1],
  [2, 1],
  [3, 2],
  [4, 3],
  [8, 6],
  [32, 24],
  [1_000, 750],
])("gives one identity of %i places %i", (places, expected) => {
  const { started, acquire } = limited(places, 10_000);
  for (let call = 0; call < 2 * places; call += 1) acquire("ann");
  expect(started).toHaveLength(expected);
});

it("keeps places for others when several identities take all that they may", () => {
  const { started, acquire } = limited(32, 10_000);
  for (const identity of ["a", "b", "c"]) {
    for (let call = 0; call < 40; call += 1) acquire(identity);
  }
  const held = Map.groupBy(started, (identity) => identity);
  expect([...held.values()].map(({ length }) => length)).toEqual([24, 6, 1]);
  acquire("newcomer");
  expect(started.at(-1)).toBe("newcomer");
});

it("serves identities round robin, and the calls of one in their order", () => {
  const { started, acquire, release } = limited(1, 100);
  for (const call of ["a1", "a2", "a3", "a4", "b1", "b2", "c1"]) acquire(call.slice(0, 1), call);
  for (let ended = 0; ended < 6; ended += 1) release(started.at(-1)?.slice(0, 1) ?? "");
  expect(started).toEqual(["a1", "a2", "b1", "c1", "a3", "b2", "a4"]);
});

it("passes over an identity that holds its share", () => {
  const { started, acquire, release } = limited(4, 100);
  for (const call of ["a1", "a2", "a3", "a4", "b1", "b2"]) acquire(call.slice(0, 1), call);
  expect(started).toEqual(["a1", "a2", "a3", "b1"]);
  // The only free place is no longer for those who hold one.
  release("b");
  expect(started).toEqual(["a1", "a2", "a3", "b1", "b2"]);
});

it("refuses what does not fit into the queue, and leaves some of it to others", () => {
  const { acquire } = limited(1, 8);
  acquire("ann");
  const waiting = Array.from({ length: 8 }, () => acquire("ann") !== null);
  expect(waiting.filter(Boolean)).toHaveLength(6);
  expect(acquire("ben")).not.toBeNull();
  expect(acquire("cat")).not.toBeNull();
  expect(acquire("dan")).toBeNull();
});

it("does not queue when the queue has no places", () => {
  const { started, acquire } = limited(1, 0);
  expect(acquire("ann")).not.toBeNull();
  expect(acquire("ben")).toBeNull();
  expect(started).toEqual(["ann"]);
});

it("gives the queue's place of a call that has left to the next", () => {
  const { started, acquire, release } = limited(1, 1);
  acquire("ann", "a1");
  const leave = acquire("ben", "b1");
  expect(acquire("cat", "c1")).toBeNull();
  leave?.();
  leave?.();
  expect(acquire("cat", "c2")).not.toBeNull();
  release("ann");
  expect(started).toEqual(["a1", "c2"]);
});

it("never runs more than it may, loses no call and starts none twice, whatever happens", () => {
  const step = fc.record({
    what: fc.constantFrom("acquire", "acquire", "release", "leave"),
    identity: fc.constantFrom("a", "b", "c", "d"),
    pick: fc.nat(),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.nat(6),
      fc.array(step, { maxLength: 80 }),
      (places, queue, steps) => {
        const limit = createConcurrencyLimit({ maxRunning: places, maxWaiting: queue });
        const running: string[] = [];
        const waiting = new Map<number, () => void>();
        const begun = new Set<number>();
        for (const [call, { what, identity, pick }] of steps.entries()) {
          if (what === "acquire") {
            const leave = limit.acquire(identity, () => {
              expect(begun).not.toContain(call);
              begun.add(call);
              waiting.delete(call);
              running.push(identity);
            });
            if (leave && !begun.has(call)) waiting.set(call, leave);
          } else if (what === "release" && running.length > 0) {
            const [ended = ""] = running.splice(pick % running.length, 1);
            limit.release(ended);
          } else if (waiting.size > 0) {
            const [left, leave] = [...waiting][pick % waiting.size] ?? [];
            leave?.();
            if (left !== undefined) waiting.delete(left);
          }
          expect(running.length).toBeLessThanOrEqual(places);
          expect(waiting.size).toBeLessThanOrEqual(queue);
        }
        // Once all that run have ended, and those after them, nobody waits any more.
        for (let ended = running.pop(); ended !== undefined; ended = running.pop()) limit.release(ended);
        expect(waiting.size).toBe(0);
      },
    ),
  );
});
