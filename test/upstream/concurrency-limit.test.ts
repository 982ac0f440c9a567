/** The concurrency limit and its queue are shared fairly between identities. */
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
])("with a limit of %i, runs at most %i calls of one identity", (places, expected) => {
  const { started, acquire } = limited(places, 10_000);
  for (let call = 0; call < 2 * places; call += 1) acquire("ann");
  expect(started).toHaveLength(expected);
});

it("reserves capacity for other identities when several take their maximum", () => {
  const { started, acquire } = limited(32, 10_000);
  for (const identity of ["a", "b", "c"]) {
    for (let call = 0; call < 40; call += 1) acquire(identity);
  }
  const held = Map.groupBy(started, (identity) => identity);
  expect([...held.values()].map(({ length }) => length)).toEqual([24, 6, 1]);
  acquire("newcomer");
  expect(started.at(-1)).toBe("newcomer");
});

it("serves identities round robin, and the calls of one identity in order", () => {
  const { started, acquire, release } = limited(1, 100);
  for (const call of ["a1", "a2", "a3", "a4", "b1", "b2", "c1"]) acquire(call.slice(0, 1), call);
  for (let ended = 0; ended < 6; ended += 1) release(started.at(-1)?.slice(0, 1) ?? "");
  expect(started).toEqual(["a1", "a2", "b1", "c1", "a3", "b2", "a4"]);
});

it("skips an identity that already has its share", () => {
  const { started, acquire, release } = limited(4, 100);
  for (const call of ["a1", "a2", "a3", "a4", "b1", "b2"]) acquire(call.slice(0, 1), call);
  expect(started).toEqual(["a1", "a2", "a3", "b1"]);
  // The only free slot is reserved for identities without a running call.
  release("b");
  expect(started).toEqual(["a1", "a2", "a3", "b1", "b2"]);
});

it("rejects calls when the queue is full, with a part of the queue reserved for other identities", () => {
  const { acquire } = limited(1, 8);
  acquire("ann");
  const waiting = Array.from({ length: 8 }, () => acquire("ann") !== null);
  expect(waiting.filter(Boolean)).toHaveLength(6);
  expect(acquire("ben")).not.toBeNull();
  expect(acquire("cat")).not.toBeNull();
  expect(acquire("dan")).toBeNull();
});

it("does not queue with a queue size of 0", () => {
  const { started, acquire } = limited(1, 0);
  expect(acquire("ann")).not.toBeNull();
  expect(acquire("ben")).toBeNull();
  expect(started).toEqual(["ann"]);
});

it("frees the queue slot of a call that is aborted", () => {
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

it("never exceeds the limits, loses a call or starts a call twice, for any sequence of events", () => {
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
        const startedCalls = new Set<number>();
        for (const [call, { what, identity, pick }] of steps.entries()) {
          if (what === "acquire") {
            const leave = limit.acquire(identity, () => {
              expect(startedCalls).not.toContain(call);
              startedCalls.add(call);
              waiting.delete(call);
              running.push(identity);
            });
            if (leave && !startedCalls.has(call)) waiting.set(call, leave);
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
        // Once all running calls and their successors have ended, none is waiting.
        for (let ended = running.pop(); ended !== undefined; ended = running.pop()) limit.release(ended);
        expect(waiting.size).toBe(0);
      },
    ),
  );
});
