/** What those who watch are told, and what they and their upstream tell. */

export type Transport = "web-socket" | "events";

/** The first message to `viewers.ts`; it answers with `Admitted` once all are. Every further one: with `Viewed`. */
export interface Viewing {
  readonly origin: string;
  readonly viewers: number;
  /** Viewers take these in turn. */
  readonly transports: readonly Transport[];
  readonly query: string;
  readonly jobInstanceId: string;
  /** Whether they go on reading what they are told after the first result. */
  readonly isReading: boolean;
}

export interface Admitted {
  /** From the first connection to the last viewer's first result, in milliseconds. */
  readonly tookMs: number;
}

/** Since it was last asked. */
export interface Viewed {
  /** Results of the viewer with the fewest, and of that with the most. */
  readonly leastResults: number;
  readonly mostResults: number;
  readonly bytes: number;
  /** By number of the change: how many were told, and when the last of them, in ms since the epoch. */
  readonly changes: readonly (readonly [change: number, Told])[];
  /** What was wrong first. */
  readonly failure: string | null;
}

export interface Told {
  readonly viewers: number;
  readonly lastAt: number;
}

/** The first message to `pollers.ts`; it answers with an empty `Polled`. Every further one: with `Polled`. */
export interface Polling {
  readonly origin: string;
  readonly pollers: number;
  readonly jobInstanceId: string;
  readonly everyMs: number;
}

/** Since it was last asked. */
export interface Polled {
  readonly answered: number;
  readonly failure: string | null;
}

/** What the upstream was asked since that was last looked at. */
export interface UpstreamCalls {
  /** By credentials that were not seen before. */
  readonly first: number;
  /** By credentials that were. */
  readonly repeated: number;
  /** Without host results. */
  readonly checks: number;
  /** By number of the change: when it was first told, in ms since the epoch. */
  readonly answeredAt: readonly (readonly [change: number, at: number])[];
}
