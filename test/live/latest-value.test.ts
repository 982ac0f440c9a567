/** A stream that buffers only the latest value. */
import { expect, it, vi } from "vitest";
import { createLatestValue } from "../../src/live/latest-value.ts";

it("returns each value to a fast reader", async () => {
  const { put, end, stream } = createLatestValue<number>(() => {});
  const read: number[] = [];
  const reading = (async () => {
    for await (const value of stream) read.push(value);
  })();
  for (const value of [1, 2, 3]) {
    put(value);
    await vi.waitUntil(() => read.includes(value));
  }
  end();
  await reading;
  expect(read).toEqual([1, 2, 3]);
});

it("returns the latest value to a slow reader, even after the end", async () => {
  const { put, end, stream } = createLatestValue<number>(() => {});
  put(1);
  expect(await stream.next()).toEqual({ done: false, value: 1 });
  put(2);
  put(3);
  end();
  put(4);
  expect(await stream.next()).toEqual({ done: false, value: 3 });
  expect(await stream.next()).toEqual({ done: true, value: undefined });
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});

it("throws its error once, after the buffered value", async () => {
  const { put, end, stream } = createLatestValue<number>(() => {});
  put(1);
  end(new Error("failed"));
  end(new Error("again"));
  expect((await stream.next()).value).toBe(1);
  await expect(stream.next()).rejects.toThrow("failed");
  expect((await stream.next()).done).toBe(true);
});

it("throws its error to a waiting reader", async () => {
  const { end, stream } = createLatestValue<number>(() => {});
  const next = stream.next();
  end(new Error("failed"));
  await expect(next).rejects.toThrow("failed");
});

it("ends at once when its reader returns, even while it waits, and calls back", async () => {
  const onReturn = vi.fn();
  const { put, stream } = createLatestValue<number>(onReturn);
  const next = stream.next();
  await stream.return();
  expect(await next).toEqual({ done: true, value: undefined });
  put(1);
  expect((await stream.next()).done).toBe(true);
  expect(onReturn).toHaveBeenCalledTimes(1);
});

it("rejects a second reader", async () => {
  const { stream } = createLatestValue<number>(() => {});
  void stream.next();
  await expect(stream.next()).rejects.toThrow("Expected one reader at a time");
});
