/** Waits until a gateway in the test's own process has received requests that it has not answered yet. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect, onTestFinished } from "vitest";

const CHANNEL = "http.server.request.start";

export interface Arrivals {
  /** Waits until `count` requests for `/graphql` have arrived and each has progressed as far as it can. */
  readonly until: (count: number) => Promise<void>;
}

/** Counts the requests of one test from now on. */
export function useArrivals(gatewayUrl: string): Arrivals {
  let count = 0;
  const { pathname } = new URL(gatewayUrl);
  // A channel of Node.js, whose messages have these fields.
  const onRequest = (message: unknown) => {
    if ((message as { request: { url: string } }).request.url === pathname) count += 1;
  };
  subscribe(CHANNEL, onRequest);
  onTestFinished(() => void unsubscribe(CHANNEL, onRequest));
  return {
    until: async (expected) => {
      await expect.poll(() => count).toBe(expected);
      // Once later requests are answered, the earlier ones have been read and started.
      for (let i = 0; i < 5; i++) await fetch(new URL("/healthz", gatewayUrl));
    },
  };
}
