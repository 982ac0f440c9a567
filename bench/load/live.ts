/** Messages to and from the processes of viewers, pollers and their upstream. */

export type Transport = "web-socket" | "events";

/**
 * The first message to `viewers.ts`. The reply is `Admitted`, when all viewers have their first result. The reply to
 * later messages is `Viewed`.
 */
export interface Viewing {
  readonly origin: string;
  readonly viewers: number;
  /** Viewers take these in turn. */
  readonly transports: readonly Transport[];
  readonly query: string;
  readonly jobInstanceId: string;
  /** Whether they keep reading from the socket after the first result. */
  readonly isReading: boolean;
}

export interface Admitted {
  /** From the first connection to the last viewer's first result, in milliseconds. */
  readonly tookMs: number;
}

/** Since the previous message. */
export interface Viewed {
  /** Results of the viewer with the fewest, and of that with the most. */
  readonly minResults: number;
  readonly maxResults: number;
  readonly bytes: number;
  /** By number of the change: how many viewers received it, and when the last one did, in ms since the epoch. */
  readonly changes: readonly (readonly [change: number, Delivery])[];
  /** The first error. */
  readonly failure: string | null;
}

export interface Delivery {
  readonly viewers: number;
  readonly lastAt: number;
}

/** The first message to `pollers.ts`. The reply is an empty `Polled`; later replies have counts. */
export interface Polling {
  readonly origin: string;
  readonly pollers: number;
  readonly jobInstanceId: string;
  readonly everyMs: number;
}

/** Since the previous message. */
export interface Polled {
  readonly answered: number;
  readonly failure: string | null;
}

/** Upstream calls since the previous message. */
export interface UpstreamCalls {
  /** With credentials that were not seen before. */
  readonly first: number;
  /** With known credentials. */
  readonly repeated: number;
  /** Without host results. */
  readonly checks: number;
  /** By number of the change: when it was first sent, in ms since the epoch. */
  readonly firstSentAt: readonly (readonly [change: number, at: number])[];
}
