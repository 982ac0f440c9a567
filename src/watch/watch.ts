/** `bk-job-graphql watch`: shows a job until it ends, and says by the exit code how it ended. */
import type { Display } from "./display.ts";
import { follow, type Lost } from "./follow.ts";
import { type JobState, type JobUpdate, stateOf } from "./job-update.ts";
import { elapsedText, viewOf } from "./job-view.ts";
import { createJsonDisplay, createLineDisplay } from "./line-display.ts";
import { readOptions, shownUrl, type WatchArguments, type WatchOptions } from "./options.ts";
import { describeProblem } from "./problem.ts";
import { clean, formatDuration } from "./text.ts";
import { cannotWatch, EXIT, endedBy, WatchEnded } from "./watch-ended.ts";

/**
 * Watches as this process's job.
 * @returns the exit code: 0 the job succeeded, 1 it failed or was stopped, 2 it could not be watched, 128 and the
 *   signal's number.
 */
export async function watch(given: WatchArguments): Promise<number> {
  const { stdout, stderr } = process;
  const stop = new AbortController();
  endWithProcess((why) => stop.abort(why));
  const ended = await watchUntilEnd(given, stop);
  // Pipes are not written at once everywhere, and that it failed is known a moment later.
  await new Promise((resolve) => stdout.write("", resolve));
  const { message, exitCode } = stop.signal.reason instanceof WatchEnded ? stop.signal.reason : ended;
  if (message !== "") stderr.write(`${message}\n`);
  return exitCode;
}

/** How it ended. Never throws. */
async function watchUntilEnd(given: WatchArguments, stop: AbortController): Promise<WatchEnded> {
  let display: Display | null = null;
  let last: JobState | null = null;
  try {
    const options = readOptions(given, process.env);
    const { timeoutMs } = options;
    if (timeoutMs !== null) {
      setTimeout(() => stop.abort(cannotWatch(timeoutMessage(timeoutMs, last))), timeoutMs);
    }
    display = await createDisplay(options);
    for await (const update of newsOf(options, stop.signal, display)) {
      display.show(update);
      if (update.__typename !== "JobInstance") throw cannotWatch(describeProblem(update));
      last = update;
      if (update.isFinished) break;
    }
    display.end();
    return new WatchEnded(last?.phase === "SUCCEEDED" ? EXIT.succeeded : EXIT.failed, "");
  } catch (error) {
    display?.end();
    return error instanceof WatchEnded ? error : fault(error);
  }
}

/** What comes from outside of the job: signals, a reader that has gone, and faults where nothing catches them. */
function endWithProcess(end: (why: WatchEnded) => void): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGQUIT"] as const) {
    process.on(signal, () => end(endedBy(signal, "No longer watched. The job goes on.")));
  }
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // Who reads no more wants no more: quietly, with the code of a process that SIGPIPE ended.
    if (error.code === "EPIPE") end(endedBy("SIGPIPE", ""));
    else end(cannotWatch(`Expected stdout to take what is written, but: ${clean(error.message)}.`));
  });
  process.stderr.on("error", () => {});
  process.on("uncaughtException", (error) => end(fault(error)));
}

/** A fault of this program, or an answer that is none of a gateway: its own exit code would be that of a failed job. */
const fault = (error: unknown): WatchEnded =>
  cannotWatch(
    `Expected to watch the job, but the program failed: ${clean(String(error instanceof Error ? error.stack : error))}`,
  );

/** Updates that tell something new. What becomes of the connection is noted on the display. */
async function* newsOf(
  options: WatchOptions,
  signal: AbortSignal,
  display: Display,
): AsyncGenerator<JobUpdate, void, undefined> {
  let lastState = "";
  let isLost = false;
  for await (const event of follow(options, signal)) {
    if (event.kind === "lost") {
      isLost = true;
      display.note(lossNote(event));
      continue;
    }
    if (isLost) display.note(null);
    isLost = false;
    // The first one after a loss can be known.
    const state = stateOf(event.update);
    if (state === lastState) continue;
    lastState = state;
    yield event.update;
  }
}

const lossNote = ({ why, waitMs, attempt, maxTries }: Lost): string =>
  `Connection lost: ${why}. Try ${attempt} of ${maxTries} in ${(waitMs / 1_000).toFixed(1)} s.`;

async function createDisplay({ isJson, ref, scope, streamUrl }: WatchOptions): Promise<Display> {
  const { stdout, stderr, env } = process;
  if (isJson) return createJsonDisplay({ stdout, stderr });
  // A dumb terminal cannot go back to what it has written, nor can one that has no size.
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
    beginning: `Connecting to ${shownUrl(streamUrl)} …`,
  });
}

function timeoutMessage(timeoutMs: number, last: JobState | null): string {
  const expected = `Expected the job to finish within ${formatDuration(timeoutMs)}`;
  if (!last) return `${expected}, but no state of it came.`;
  const { status, elapsedMs } = viewOf(last);
  const elapsed = elapsedText(elapsedMs);
  return `${expected}, but it was still running: ${status.label}${elapsed ? `, ${elapsed} at the last change` : ""}. The job goes on.`;
}
