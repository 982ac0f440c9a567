/** The interface of displays: terminal, lines of text, lines of JSON. */
import type { JobUpdate } from "./job-update.ts";

export interface Display {
  /**
   * Shows an update that differs from the previous one. Displays of jobs ignore problems, which the final message
   * reports.
   */
  readonly show: (update: JobUpdate) => void;
  /** Shows the state of the connection. Null: the connection has been restored. */
  readonly note: (text: string | null) => void;
  /** Stops updating. What was shown stays visible. */
  readonly end: () => void;
}

/** The part of a stream that displays use. */
export type OutputStream = Pick<NodeJS.WritableStream, "write">;
