/** A picture of a job, as lines that fit a terminal. */
import { elapsedText, type GroupView, type JobView, type StepView } from "./job-view.ts";
import type { Paint } from "./paint.ts";
import { drawBar } from "./progress-bar.ts";
import { cut, padEnd, widthOf } from "./text.ts";

export interface FrameOptions {
  readonly columns: number;
  /** Most lines; with Infinity all steps are shown, and more of the groups than fit a screen. */
  readonly rows: number;
  readonly elapsedMs: number | null;
  /** What finds the job, for its title. */
  readonly reference: string;
  /** What is going on with the connection. */
  readonly note: string | null;
  readonly paint: Paint;
}

/** A piece of a line: its text, and how it is painted once it was cut. */
type Segment = readonly [text: string, style?: (text: string) => string];

const SYMBOLS: Readonly<Record<StepView["status"]["phase"], string>> = {
  PENDING: "○",
  RUNNING: "●",
  WAITING_USER: "!",
  SUCCEEDED: "✔",
  FAILED: "✖",
  STOPPED: "■",
  UNKNOWN: "?",
};

/** Most groups of one step where there is no end of rows. */
const MAX_GROUPS = 20;

/** @returns at most `rows` lines of at most `columns` columns. */
export function drawFrame(job: JobView, options: FrameOptions): readonly string[] {
  const { columns, rows, note, paint } = options;
  const end = note === null ? [] : ["", fitted([[note, paint.waitingUser]], columns)];
  const left = rows - 2 - end.length;
  const drawStep = createStepLine(job.steps, options);
  const shown = stepsThatFit(job.steps, Math.max(1, left));
  const groupLimit = groupsThatFit(shown.steps, left - shown.lineCount);
  const elision = (count: number, where: string) =>
    count > 0
      ? [fitted([[`  … ${count} ${count === 1 ? "step" : "steps"} ${where}`, paint.weak]], columns)]
      : [];
  const lines = [
    drawTitle(job, options),
    "",
    ...elision(shown.before, "before"),
    ...shown.steps.flatMap((step) => [
      drawStep(step),
      ...drawGroups(step.groups, groupLimit, columns, paint),
    ]),
    ...elision(shown.after, "after"),
    ...end,
  ];
  return lines.slice(0, rows);
}

function drawTitle(
  { name, status }: JobView,
  { columns, elapsedMs, reference, paint }: FrameOptions,
): string {
  const state = `${SYMBOLS[status.phase]} ${status.label}`;
  const elapsed = elapsedText(elapsedMs);
  const needed = widthOf(state) + 2 + (elapsed ? widthOf(elapsed) + 2 : 0);
  return fitted(
    [
      // However long the name is, the status is to be seen.
      [cut(name, Math.max(8, columns - needed)), paint.strong],
      ["  "],
      [state, paint.status(status)],
      ...(elapsed ? [[`  ${elapsed}`] as const] : []),
      [`  ${reference}`, paint.weak],
    ],
    columns,
  );
}

/** Steps in columns: symbol, name, bar, hosts done of all, and what else there is to say. */
function createStepLine(
  steps: readonly StepView[],
  { columns, paint }: FrameOptions,
): (step: StepView) => string {
  const countOf = ({ done, hosts }: StepView) => (hosts.total > 0 ? `${done}/${hosts.total}` : "");
  const remarksOf = ({ failed, others, status, hosts }: StepView): readonly Segment[] => [
    ...(failed ? [["  "] as const, [failed, paint.failed] as const] : []),
    ...(status.isSpecial || hosts.total === 0
      ? [["  "] as const, [status.label, paint.status(status)] as const]
      : []),
    ...others.map((text): Segment => [`  ${text}`]),
  ];
  const widest = (widths: readonly number[]) => Math.max(0, ...widths);
  const nameWidth = Math.min(
    widest(steps.map(({ name }) => widthOf(name))),
    Math.max(8, Math.floor(columns * 0.35)),
  );
  const countWidth = widest(steps.map((step) => countOf(step).length));
  const remarksWidth = widest(
    steps.map((step) => remarksOf(step).reduce((sum, [text]) => sum + widthOf(text), 0)),
  );
  const free = columns - 2 - nameWidth - 2 - (countWidth > 0 ? countWidth + 2 : 0) - remarksWidth;
  // A bar goes before remarks, but not before names and counts.
  const barWidth = columns < 40 ? 0 : Math.min(32, Math.max(10, Math.floor(columns / 5), free));

  return (step) => {
    const bar: Segment =
      step.hasHosts && barWidth > 0
        ? [" ".repeat(barWidth), () => drawBar(step, barWidth, paint)]
        : [" ".repeat(barWidth)];
    return fitted(
      [
        [SYMBOLS[step.status.phase], paint.status(step.status)],
        [` ${padEnd(cut(step.name, nameWidth), nameWidth)}`],
        [barWidth > 0 ? "  " : ""],
        bar,
        [step.hosts.total > 0 ? `  ${countOf(step).padStart(countWidth)}` : ""],
        ...remarksOf(step),
      ],
      columns,
    );
  };
}

function drawGroups(
  groups: readonly GroupView[],
  limit: number,
  columns: number,
  paint: Paint,
): readonly string[] {
  const rest = groups.slice(limit).reduce((sum, { count }) => sum + count, 0);
  return [
    ...groups.slice(0, limit).map(({ text, hosts }) =>
      fitted(
        [
          [`    ${text}`, paint.failed],
          [`  ${hosts}`, paint.weak],
        ],
        columns,
      ),
    ),
    // Without a group before it, it would say what the step's own line does.
    ...(rest > 0 && limit > 0 ? [fitted([[`    … ${rest} more failed`, paint.weak]], columns)] : []),
  ];
}

/** How many groups of each step fit into so many lines, with a line for the rest of them. */
function groupsThatFit(steps: readonly StepView[], lines: number): number {
  const linesWith = (limit: number) =>
    steps.reduce(
      (sum, { groups }) => sum + Math.min(groups.length, limit) + (groups.length > limit ? 1 : 0),
      0,
    );
  let limit = MAX_GROUPS;
  while (limit > 0 && linesWith(limit) > lines) limit -= 1;
  return limit;
}

/** As many steps as fit into so many lines, around the one that matters now; with lines for those left out, if they fit. */
function stepsThatFit(steps: readonly StepView[], lines: number) {
  if (steps.length <= lines) return { steps, before: 0, after: 0, lineCount: steps.length };
  const current = steps.findLastIndex(({ status }) => status.phase !== "PENDING");
  const tellsRest = lines >= 3;
  const count = tellsRest ? lines - 2 : lines;
  const first = Math.min(Math.max(0, current - Math.floor(count / 2)), steps.length - count);
  return {
    steps: steps.slice(first, first + count),
    before: tellsRest ? first : 0,
    after: tellsRest ? steps.length - first - count : 0,
    lineCount: lines,
  };
}

const asIs = (text: string): string => text;

/** A line of these pieces, cut where the terminal ends. */
function fitted(segments: readonly Segment[], columns: number): string {
  let left = columns;
  let line = "";
  for (const [text, style = asIs] of segments) {
    const width = widthOf(text);
    if (width > left) return line + style(cut(text, left));
    line += style(text);
    left -= width;
  }
  return line;
}
