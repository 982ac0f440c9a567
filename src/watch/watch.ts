/** The `watch` command: shows a job until it finishes. The exit code indicates whether it succeeded. */
import type { Display } from "./display.ts";
import { follow, type Lost } from "./follow.ts";
import { comparisonKeyOf, type JobUpdate, type WatchedJob } from "./job-update.ts";
import { elapsedText, toJobView } from "./job-view.ts";
import { createJsonDisplay, createLineDisplay } from "./line-display.ts";
import { readOptions, shownUrl, type WatchArguments, type WatchOptions } from "./options.ts";
import { describeProblem } from "./problem.ts";
import { formatDuration, sanitize } from "./text.ts";
import { cannotWatch, EXIT, endedBy, WatchEnded } from "./watch-ended.ts";

/**
 * Runs the command in this process.
 * @returns the exit code: 0 the job succeeded; 1 it failed or was stopped; 2 it could not be watched; after a signal,
 *   128 plus its number.
 */
export async function watch(given: WatchArguments): Promise<number> {
  const { stdout, stderr } = process;
  const stop = new AbortController();
  onProcessEvents((reason) => stop.abort(reason));
  const ended = await watchUntilEnd(given, stop);
  // Writes to pipes may be asynchronous. Wait for pending ones, so that their errors are known.
  await new Promise((resolve) => stdout.write("", resolve));
  const { message, exitCode } = stop.signal.reason instanceof WatchEnded ? stop.signal.reason : ended;
  if (message !== "") stderr.write(`${message}\n`);
  return exitCode;
}

/** Resolves to how watching ended. Never rejects. */
async function watchUntilEnd(given: WatchArguments, stop: AbortController): Promise<WatchEnded> {
  let display: Display | null = null;
  let last: WatchedJob | null = null;
  try {
    const options = readOptions(given, process.env);
    const { timeoutMs } = options;
    if (timeoutMs !== null) {
      setTimeout(() => stop.abort(cannotWatch(timeoutMessage(timeoutMs, last))), timeoutMs);
    }
    display = await createDisplay(options);
    for await (const update of changesOf(options, stop.signal, display)) {
      display.show(update);
      if (update.__typename !== "JobInstance") throw cannotWatch(describeProblem(update));
      last = update;
    }
    display.end();
    return new WatchEnded(last?.phase === "SUCCEEDED" ? EXIT.succeeded : EXIT.failed, "");
  } catch (error) {
    display?.end();
    return error instanceof WatchEnded ? error : programError(error);
  }
}

/** Ends watching on signals, errors of stdout and uncaught exceptions. */
function onProcessEvents(end: (reason: WatchEnded) => void): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGQUIT"] as const) {
    process.on(signal, () => end(endedBy(signal, "Stopped watching. The job continues.")));
  }
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // The reader has closed the pipe, as `head` does: end silently, with the exit code of SIGPIPE.
    if (error.code === "EPIPE") end(endedBy("SIGPIPE", ""));
    else end(cannotWatch(`Could not write to stdout: ${sanitize(error.message)}.`));
  });
  process.stderr.on("error", () => {});
  process.on("uncaughtException", (error) => end(programError(error)));
}

/** An internal error, or an unexpected response. Exit code 2, because 1, the default, means that the job failed. */
const programError = (error: unknown): WatchEnded =>
  cannotWatch(
    `Internal error of the watch command: ${sanitize(String(error instanceof Error ? error.stack : error))}`,
  );

/** Yields updates that differ from the previous one. Shows losses of the connection on the display. */
async function* changesOf(
  options: WatchOptions,
  signal: AbortSignal,
  display: Display,
): AsyncGenerator<JobUpdate, void, undefined> {
  let lastKey = "";
  let isLost = false;
  for await (const event of follow(options, signal)) {
    if (event.kind === "lost") {
      isLost = true;
      display.note(lossNote(event));
      continue;
    }
    if (isLost) display.note(null);
    isLost = false;
    // The first update after a loss may be unchanged.
    const key = comparisonKeyOf(event.state);
    if (key === lastKey) continue;
    lastKey = key;
    yield event.state;
  }
}

const lossNote = ({ reason, delayMs, attempt, maxAttempts }: Lost): string =>
  `Connection lost: ${reason}. Retry ${attempt} of ${maxAttempts} in ${(delayMs / 1_000).toFixed(1)} s.`;

async function createDisplay({ isJson, ref, scope, url }: WatchOptions): Promise<Display> {
  const { stdout, stderr, env } = process;
  if (isJson) return createJsonDisplay({ stdout, stderr });
  // A dumb terminal, or one without a size, cannot redraw in place.
  const canDraw = stdout.isTTY && stdout.columns > 0 && env.TERM !== "dumb";
  if (!canDraw) return createLineDisplay({ stdout, stderr });
  const [{ createTerminalDisplay }, { createPaint }] = await Promise.all([
    import("./terminal-display.ts"),
    import("./paint.ts"),
  ]);
  return createTerminalDisplay({
    terminal: stdout,
    paint: createPaint(env),
    reference: `${scope} ${ref.jobInstanceId}`,
    initialText: `Connecting to ${shownUrl(url)} …`,
  });
}

function timeoutMessage(timeoutMs: number, last: WatchedJob | null): string {
  const timeout = `The job did not finish within ${formatDuration(timeoutMs)}`;
  if (!last) return `${timeout}: no state of it arrived.`;
  const { status, elapsedMs } = toJobView(last);
  const elapsed = elapsedText(elapsedMs);
  return `${timeout}: ${status.label}${elapsed ? `, ${elapsed} at the last change` : ""}. The job continues.`;
}
