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

/** Controls the terminal until `end`, which restores the cursor. If the process exits before, it is restored, too. */
export function createTerminalDisplay({
  terminal,
  paint,
  reference,
  initialText,
}: TerminalDisplayOptions): Display {
  // Otherwise the library would hide the cursor of the terminal of stderr.
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

  /**
   * Erases the frame and draws it again. A terminal that became narrower has wrapped its lines, so more must be
   * erased.
   */
  const redraw = () => {
    const occupied = drawn.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / terminal.columns)),
      0,
    );
    terminal.write(eraseUp(Math.min(occupied, terminal.rows - 1)));
    update.done();
    draw();
  };

  const showCursor = () => void terminal.write(SHOW_CURSOR);

  // Ctrl-Z: restores the cursor and keeps the frame, so that the shell writes below it. The next frame is drawn below
  // that.
  const suspend = () => {
    showCursor();
    update.done();
    process.kill(process.pid, "SIGSTOP");
  };
  const resume = () => {
    terminal.write(HIDE_CURSOR);
    draw();
  };

  const timer = setInterval(draw, 1_000);
  terminal.on("resize", redraw);
  process.on("SIGTSTP", suspend).on("SIGCONT", resume).once("exit", showCursor);
  terminal.write(HIDE_CURSOR);
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
      process.off("SIGTSTP", suspend).off("SIGCONT", resume);
      note = null;
      // The last frame may be taller than the screen, because it can be scrolled.
      if (shown) update.persist(frame(Number.POSITIVE_INFINITY).join("\n"));
      else update.clear();
      showCursor();
      process.off("exit", showCursor);
    },
  };
}

/** The elapsed time continues between updates. */
const elapsedNow = ({ job, at }: Shown): number | null =>
  job.elapsedMs === null || job.isFinished ? job.elapsedMs : job.elapsedMs + performance.now() - at;
