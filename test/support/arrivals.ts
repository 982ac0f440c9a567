/** Tells that a gateway of the test's own process has got requests that are not answered yet. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect, onTestFinished } from "vitest";

const CHANNEL = "http.server.request.start";

export interface Arrivals {
  /** Waits until so many requests for `/graphql` have come since the beginning, and each has got as far as it can. */
  readonly until: (count: number) => Promise<void>;
}

/** Counts the requests of one test, from now on. */
export function useArrivals(gatewayUrl: string): Arrivals {
  let count = 0;
  const { pathname } = new URL(gatewayUrl);
  // The channel is of Node.js's own: its messages have these parts.
  const onRequest = (message: unknown) => {
    if ((message as { request: { url: string } }).request.url === pathname) count += 1;
  };
  subscribe(CHANNEL, onRequest);
  onTestFinished(() => void unsubscribe(CHANNEL, onRequest));
  return {
    until: async (expected) => {
      await expect.poll(() => count).toBe(expected);
      // Requests that came later are answered: those before have been read and begun.
      for (let i = 0; i < 5; i++) await fetch(new URL("/healthz", gatewayUrl));
    },
  };
}
