/** Marks requests by `traceparent`, which the gateway passes on, so that the upstream knows when the request was sent. */

export interface Sent {
  /** A header for a request that is sent now. */
  readonly mark: () => { readonly traceparent: string };
  /** When the request was sent; null if it is unknown. */
  readonly at: (traceparent: unknown) => number | null;
  /** The upstream has received a call for the request. */
  readonly noteCall: (traceparent: unknown) => void;
  /** When the upstream received the first call for the request: the gateway had it by then. Infinity if it made none. */
  readonly calledAt: (traceparent: string) => number;
}

interface SentRequest {
  readonly sentAt: number;
  calledAt: number;
}

/** The gateway has answered those before. */
const MAX_REMEMBERED = 20_000;

export function createSent(): Sent {
  const requests = new Map<unknown, SentRequest>();
  let count = 0;
  return {
    mark: () => {
      count += 1;
      const traceparent = `00-${String(count).padStart(32, "0")}-${"1".padStart(16, "0")}-01`;
      requests.set(traceparent, { sentAt: performance.now(), calledAt: Number.POSITIVE_INFINITY });
      const [oldest] = requests.keys();
      if (requests.size > MAX_REMEMBERED) requests.delete(oldest);
      return { traceparent };
    },
    at: (traceparent) => requests.get(traceparent)?.sentAt ?? null,
    noteCall: (traceparent) => {
      const request = requests.get(traceparent);
      if (request) request.calledAt = Math.min(request.calledAt, performance.now());
    },
    calledAt: (traceparent) => requests.get(traceparent)?.calledAt ?? Number.POSITIVE_INFINITY,
  };
}
