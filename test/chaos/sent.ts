/** Marks requests by `traceparent`, which the gateway passes on, so that the upstream knows when the request was sent. */

export interface Sent {
  /** A header for a request that is sent now. */
  readonly mark: () => { readonly traceparent: string };
  /** When the request was sent; null if it is unknown. */
  readonly at: (traceparent: unknown) => number | null;
}

/** The gateway has answered those before. */
const MAX_REMEMBERED = 20_000;

export function createSent(): Sent {
  const times = new Map<unknown, number>();
  let count = 0;
  return {
    mark: () => {
      count += 1;
      const traceparent = `00-${String(count).padStart(32, "0")}-${"1".padStart(16, "0")}-01`;
      times.set(traceparent, performance.now());
      const [oldest] = times.keys();
      if (times.size > MAX_REMEMBERED) times.delete(oldest);
      return { traceparent };
    },
    at: (traceparent) => times.get(traceparent) ?? null,
  };
}
