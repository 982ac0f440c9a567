/** The ways in which watching ends, each with its exit code. */
import { constants } from "node:os";

/** Process exit codes of `watch`. A signal's is 128 and its number, as shells have it. */
export const EXIT = { succeeded: 0, failed: 1, notWatched: 2 } as const;

/** Watching ended. `message` is for the user; empty where all was said, or there is nobody to tell. */
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

/** The stream broke off, or the gateway is not to be had now. It may be again, in a moment. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
  /** The gateway itself was there just now, so that it is worth waiting for. */
  readonly wasThere: boolean;

  /** @param message what happened, as the end of a sentence. */
  constructor(message: string, { wasThere }: { readonly wasThere: boolean }) {
    super(message);
    this.wasThere = wasThere;
  }
}

export const isOurs = (error: unknown): error is ConnectionLost | WatchEnded =>
  error instanceof ConnectionLost || error instanceof WatchEnded;
