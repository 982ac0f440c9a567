/** A display that redraws in place on a terminal: at each change, and every second for the elapsed time. */
import { createLogUpdate } from "log-update";
import type { Display } from "./display.ts";
import { drawFrame, type FrameOptions } from "./frame.ts";
import { type JobView, toJobView } from "./job-view.ts";
import type { Paint } from "./paint.ts";
import { truncate, widthOf } from "./text.ts";

/** The part of `process.stdout` that the display uses. */
type Terminal = Pick<NodeJS.WriteStream, "write" | "columns" | "rows" | "on" | "off"> & NodeJS.WritableStream;

export interface TerminalDisplayOptions {
  readonly terminal: Terminal;
  readonly paint: Paint;
  /** Scope and id of the job, for the title. */
  readonly reference: string;
  /** Shown until the first update. */
  readonly initialText: string;
}

const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";

/** Moves the cursor up and erases everything below it. */
const eraseUp = (lines: number) => `\r\u001b[${lines}A\u001b[J`;

/** The last update, and when it arrived, by `performance.now()`. */
interface Shown {
  readonly job: JobView;
  readonly at: number;
}

/** Creates a display that controls the terminal until `end`. */
export function createTerminalDisplay({
  terminal,
  paint,
  reference,
  initialText,
}: TerminalDisplayOptions): Display {
  // The library must leave the cursor alone: it would hide it on stderr, which can be another terminal.
  const update = createLogUpdate(terminal, { showCursor: true });
  let shown: Shown | null = null;
  let note: string | null = null;
  let drawn: readonly string[] = [];

  const frame = (rows: number): readonly string[] => {
    const { columns } = terminal;
    if (!shown) return [paint.weak(truncate(note ?? initialText, columns))];
    const options: FrameOptions = { columns, rows, elapsedMs: elapsedNow(shown), reference, note, paint };
    return drawFrame(shown.job, options);
  };

  const draw = () => {
    // Leaves one line for the cursor.
    drawn = frame(Math.max(1, terminal.rows - 1));
    update(drawn.join("\n"));
  };

  /** Erases the frame and draws it again. */
  const redraw = () => {
    terminal.write(eraseUp(Math.min(countLines(drawn, terminal.columns), terminal.rows - 1)));
    update.done();
    draw();
  };

  const timer = setInterval(draw, 1_000);
  terminal.on("resize", redraw);
  const restoreCursor = hideCursor(terminal, { onSuspend: () => update.done(), onResume: draw });
  draw();

  return {
    show: (next) => {
      if (next.__typename !== "JobInstance") return;
      shown = { job: toJobView(next), at: performance.now() };
      draw();
    },
    note: (text) => {
      note = text;
      draw();
    },
    end: () => {
      clearInterval(timer);
      terminal.off("resize", redraw);
      note = null;
      // The last frame is not redrawn, so it may be taller than the screen.
      if (shown) update.persist(frame(Number.POSITIVE_INFINITY).join("\n"));
      else update.clear();
      restoreCursor();
    },
  };
}

/** Number of lines that a frame takes on the screen. A terminal that became narrower has wrapped its lines. */
const countLines = (drawn: readonly string[], columns: number): number =>
  drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);

interface SuspendHandlers {
  /** Called before the process stops. */
  readonly onSuspend: () => void;
  /** Called when the process continues. */
  readonly onResume: () => void;
}

/**
 * Hides the cursor. Shows it again when the process exits, and while it is stopped by Ctrl-Z: the shell then writes
 * below the frame, and the next frame is drawn below that.
 * @returns a function that shows the cursor again.
 */
function hideCursor(terminal: Terminal, { onSuspend, onResume }: SuspendHandlers): () => void {
  const show = () => void terminal.write(SHOW_CURSOR);
  const suspend = () => {
    show();
    onSuspend();
    process.kill(process.pid, "SIGSTOP");
  };
  const resume = () => {
    terminal.write(HIDE_CURSOR);
    onResume();
  };
  process.on("SIGTSTP", suspend).on("SIGCONT", resume).once("exit", show);
  terminal.write(HIDE_CURSOR);
  return () => {
    process.off("SIGTSTP", suspend).off("SIGCONT", resume).off("exit", show);
    show();
  };
}

/** The elapsed time continues between updates. */
const elapsedNow = ({ job, at }: Shown): number | null =>
  job.elapsedMs === null || job.isFinished ? job.elapsedMs : job.elapsedMs + performance.now() - at;
