/** The ways in which watching ends, with their exit codes. */
import { constants } from "node:os";

/** Exit codes of `watch`. After a signal: 128 plus its number, as in shells. */
export const EXIT = { succeeded: 0, failed: 1, notWatched: 2 } as const;

/** Watching has ended. `message` is for the user; it may be empty. */
export class WatchEnded extends Error {
  override readonly name = "WatchEnded";
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

export const cannotWatch = (message: string): WatchEnded => new WatchEnded(EXIT.notWatched, message);

export const endedBy = (signal: NodeJS.Signals, message: string): WatchEnded =>
  new WatchEnded(128 + constants.signals[signal], message);
