/** Where updates go: a terminal, lines of text, lines of JSON. */
import type { JobUpdate } from "./job-update.ts";

export interface Display {
  /** A state other than the last one. Problems too: who shows jobs only leaves those to the last message. */
  readonly show: (update: JobUpdate) => void;
  /** What is going on with the connection; null when all is well again. */
  readonly note: (text: string | null) => void;
  /** Nothing more is shown; what was stays. */
  readonly end: () => void;
}

/** What displays write to: a stream of a process. */
export type Output = Pick<NodeJS.WritableStream, "write">;
