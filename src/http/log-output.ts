/** Writes log lines to stdout, in batches. */
import { setTimeout as sleep } from "node:timers/promises";
import pino from "pino";

export interface Stdout extends pino.DestinationStream {
  /** Writes the buffered lines before exit. If nothing reads stdout, they are dropped. */
  readonly flush: () => Promise<void>;
}

/** Sizes of writes in bytes: from the minimum on, lines are written at once. */
const WRITES = { minLength: 16_000, maxWrite: 16_384 };

/** Writes of several processes to one pipe are not mixed up to 4 096 bytes, so that lines of up to this length stay whole. */
const SHARED_WRITES = { minLength: 4_000, maxWrite: 4_096 };

/** Maximum time for writing the last log lines before exit. */
const LOG_FLUSH_MS = 300;

/**
 * Log lines are buffered, because one write per line takes a tenth of the CPU time of a small request. They are written
 * within 100 ms and when the process exits. If stdout is not read, lines beyond `maxLength` are dropped.
 * @param isShared whether other processes write to the same stdout
 */
export function createStdout(isShared: boolean): Stdout {
  const stdout = pino.destination({
    fd: 1,
    sync: false,
    ...(isShared ? SHARED_WRITES : WRITES),
    periodicFlush: 100,
    maxLength: 16 * 2 ** 20,
    // In the default mode, pino concatenates strings and copies the whole batch for each line.
    contentMode: "buffer",
  });
  // In this mode, `write` takes bytes, although its type requires a string.
  const write: Stdout["write"] = (line) => stdout.write(Buffer.from(line) as never);
  const flush = async () => {
    const flushed = new Promise<boolean>((resolve) => stdout.flush(() => resolve(true)));
    const isFlushed = await Promise.race([flushed, sleep(LOG_FLUSH_MS, false)]);
    // Otherwise pino would wait at exit, possibly forever, until its output is read.
    if (!isFlushed) stdout.destroy();
  };
  return { write, flush };
}
