/** Loading of what a page shows. */
import { expect, it, onTestFinished, vi } from "vitest";
import { JobClientError } from "../../src/client/job-client-error.ts";
import { createReloader, type Shown } from "../../src/pages/job/reloader.ts";

const NOW = "2026-01-01T00:00:01.000Z";
const EARLIER = "2026-01-01T00:00:00.999Z";

const request = (target: string, fingerprint: string): Shown => ({ target, fingerprint, observedAt: NOW });

/** A reloader whose loads and times the test controls. */
function useReloader() {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const loads: {
    request: Shown;
    signal: AbortSignal;
    end: (result?: Error | string | null) => Promise<void>;
  }[] = [];
  const errors: string[] = [];
  const reloader = createReloader<Shown>({
    load: (request, signal) =>
      new Promise((resolve, reject) => {
        const end = async (result: Error | string | null = NOW) => {
          if (result instanceof Error) reject(result);
          else resolve(result);
          await vi.advanceTimersByTimeAsync(0);
        };
        loads.push({ request, signal, end });
      }),
    onError: ({ code }) => errors.push(code),
    minPauseMs: 1_000,
    retryMs: 3_000,
  });
  const seen = () => loads.map(({ request }) => `${request.target}${request.fingerprint}`);
  return { ...reloader, loads, errors, seen };
}

const errorOf = (code: string, retryAfterMs: number | null = null) =>
  new JobClientError("x", { code, retryAfterMs });

it("loads once, until the fingerprint changes", async () => {
  const { show, loads, seen } = useReloader();
  show(request("a", "1"));
  show(request("a", "1"));
  await loads[0]?.end();
  await vi.advanceTimersByTimeAsync(1_000);
  show(request("a", "1"));
  expect(seen()).toEqual(["a1"]);
  show(request("a", "2"));
  expect(seen()).toEqual(["a1", "a2"]);
});

it("loads only the latest of many changes, after a pause", async () => {
  const { show, loads, seen } = useReloader();
  for (const fingerprint of ["1", "2", "3"]) show(request("a", fingerprint));
  await loads[0]?.end();
  await vi.advanceTimersByTimeAsync(999);
  expect(seen()).toEqual(["a1"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(seen()).toEqual(["a1", "a3"]);
});

it("waits twice as long as a slow load took", async () => {
  const { show, loads, seen } = useReloader();
  show(request("a", "1"));
  await vi.advanceTimersByTimeAsync(4_000);
  show(request("a", "2"));
  await loads[0]?.end();
  await vi.advanceTimersByTimeAsync(7_999);
  expect(seen()).toEqual(["a1"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(seen()).toEqual(["a1", "a2"]);
});

it("repeats a load that the gateway has answered with an older state from its cache", async () => {
  const { show, loads, seen } = useReloader();
  show(request("a", "1"));
  await loads[0]?.end(EARLIER);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(seen()).toEqual(["a1", "a1"]);
  await loads[1]?.end(NOW);
  await vi.advanceTimersByTimeAsync(100_000);
  expect(seen()).toEqual(["a1", "a1"]);
});

it("does not repeat a load if there is nothing to load", async () => {
  const { show, loads, seen } = useReloader();
  show(request("a", "1"));
  await loads[0]?.end(null);
  await vi.advanceTimersByTimeAsync(100_000);
  expect(seen()).toEqual(["a1"]);
});

it("aborts the load of another target and loads the new one at once", async () => {
  const { show, loads, seen } = useReloader();
  show(request("a", "1"));
  show(request("b", "1"));
  expect([seen(), loads[0]?.signal.aborted]).toEqual([["a1", "b1"], true]);
  // Its end changes nothing.
  await loads[0]?.end();
  await loads[1]?.end();
  show(request("b", "1"));
  expect(seen()).toEqual(["a1", "b1"]);
});

it.each([
  ["a transient error after some time", errorOf("UPSTREAM_TIMEOUT"), 3_000],
  ["a rate limit when the gateway allows it", errorOf("RATE_LIMITED", 7_000), 7_000],
  ["a cursor that a retry has made invalid", errorOf("BAD_USER_INPUT"), 3_000],
])("repeats a load after %s", async (_, error, delayMs) => {
  const { show, loads, errors, seen } = useReloader();
  show(request("a", "1"));
  await loads[0]?.end(error);
  await vi.advanceTimersByTimeAsync(delayMs - 1);
  expect([seen(), errors]).toEqual([["a1"], [error.code]]);
  await vi.advanceTimersByTimeAsync(1);
  expect(seen()).toEqual(["a1", "a1"]);
});

it("does not repeat a load after rejected credentials until something changes", async () => {
  const { show, loads, errors, seen } = useReloader();
  show(request("a", "1"));
  await loads[0]?.end(errorOf("UNAUTHENTICATED"));
  await vi.advanceTimersByTimeAsync(100_000);
  expect([seen(), errors]).toEqual([["a1"], ["UNAUTHENTICATED"]]);
  show(request("a", "2"));
  expect(seen()).toEqual(["a1", "a2"]);
});

it("stops", async () => {
  const { show, stop, loads, seen } = useReloader();
  show(request("a", "1"));
  stop();
  await loads[0]?.end();
  await vi.advanceTimersByTimeAsync(100_000);
  expect([seen(), loads[0]?.signal.aborted]).toEqual([["a1"], true]);
});
