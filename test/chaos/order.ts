/**
 * Responses never become older: for one identity and job on one process, a response is of no earlier call than the responses
 * that had arrived when its request was sent. Earlier is a call that the gateway started earlier. This is known only as a
 * range, from when its first request was sent until it arrived, so only what is certainly earlier is found.
 */
import type { Call } from "./truth.ts";

export interface Order {
  /** Whether the response of `call` is certainly older than one that was received before `sentAt`. */
  readonly isOlder: (key: string, sentAt: number, call: Call) => boolean;
  /** Whether its version is lower than one that was received before, which calls that overlap can cause. */
  readonly isLower: (key: string, sentAt: number, call: Call) => boolean;
  readonly note: (key: string, receivedAt: number, call: Call) => void;
}

interface Received {
  readonly at: number;
  readonly startedFrom: number;
  readonly version: number;
}

/** Per key. Those before have been compared with every request in flight. */
const MAX_RECEIVED = 200;

export function createOrder(): Order {
  const received = new Map<string, Received[]>();
  const before = (key: string, sentAt: number) => (received.get(key) ?? []).filter(({ at }) => at < sentAt);
  return {
    isOlder: (key, sentAt, { arrivedAt }) =>
      before(key, sentAt).some(({ startedFrom }) => arrivedAt < startedFrom),
    isLower: (key, sentAt, call) => before(key, sentAt).some(({ version }) => call.version < version),
    note: (key, at, { startedFrom, version }) => {
      const list = received.get(key) ?? [];
      received.set(key, list);
      const last = list.at(-1);
      // Only the newest counts, as of when it was known.
      list.push({
        at,
        startedFrom: Math.max(startedFrom, last?.startedFrom ?? -Infinity),
        version: Math.max(version, last?.version ?? 0),
      });
      if (list.length > MAX_RECEIVED) list.splice(0, list.length - MAX_RECEIVED / 2);
    },
  };
}
