/** A picture that is drawn anew in its place on the terminal: at every change, and once a second while time runs. */
import { createLogUpdate } from "log-update";
import type { Display } from "./display.ts";
import { drawFrame, type FrameOptions } from "./frame.ts";
import { type JobView, viewOf } from "./job-view.ts";
import type { Paint } from "./paint.ts";
import { cut, widthOf } from "./text.ts";

/** What there is of `process.stdout` when it is a terminal. */
type Terminal = Pick<NodeJS.WriteStream, "write" | "columns" | "rows" | "on" | "off"> & NodeJS.WritableStream;

export interface TerminalDisplayOptions {
  readonly terminal: Terminal;
  readonly paint: Paint;
  /** What finds the job, for its title. */
  readonly reference: string;
  /** What is shown until the first update. */
  readonly beginning: string;
}

const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";

/** From the cursor's line so many lines up, and everything from there on erased. */
const eraseUp = (lines: number) => `\r\u001b[${lines}A\u001b[J`;

/** What was told last, and when, on the clock of `performance.now()`. */
interface Shown {
  readonly job: JobView;
  readonly at: number;
}

/** Takes the terminal until `end`. The cursor is back by then, and also when the process ends without it. */
export function createTerminalDisplay({
  terminal,
  paint,
  reference,
  beginning,
}: TerminalDisplayOptions): Display {
  // The library would hide the cursor of stderr's terminal, if it has one.
  const update = createLogUpdate(terminal, { showCursor: true });
  let shown: Shown | null = null;
  let note: string | null = null;
  let drawn: readonly string[] = [];

  const frame = (rows: number): readonly string[] => {
    const { columns } = terminal;
    if (!shown) return [paint.weak(cut(note ?? beginning, columns))];
    const options: FrameOptions = { columns, rows, elapsedMs: elapsedNow(shown), reference, note, paint };
    return drawFrame(shown.job, options);
  };

  const draw = () => {
    // A line is left for the cursor.
    drawn = frame(Math.max(1, terminal.rows - 1));
    update(drawn.join("\n"));
  };

  /** Forgets what is drawn, without a trace of it; a terminal that became narrower has wrapped its lines. */
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

  // Ctrl-Z: the shell gets its cursor and writes below what is drawn; the next picture comes below that.
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
      shown = { job: viewOf(next), at: performance.now() };
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
      // The last picture is not bound to the screen: it can be scrolled.
      if (shown) update.persist(frame(Number.POSITIVE_INFINITY).join("\n"));
      else update.clear();
      showCursor();
      process.off("exit", showCursor);
    },
  };
}

/** Time runs between updates too. */
const elapsedNow = ({ job, at }: Shown): number | null =>
  job.elapsedMs === null || job.isFinished ? job.elapsedMs : job.elapsedMs + performance.now() - at;
