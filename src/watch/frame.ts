/** Draws a job as lines that fit a terminal. */
import { elapsedText, type GroupView, type JobView, type StepView } from "./job-view.ts";
import type { Paint } from "./paint.ts";
import { drawBar } from "./progress-bar.ts";
import { padEnd, truncate, widthOf } from "./text.ts";

export interface FrameOptions {
  readonly columns: number;
  /** Maximum number of lines. With Infinity, all steps are shown. */
  readonly rows: number;
  readonly elapsedMs: number | null;
  /** Scope and id of the job, for the title. */
  readonly reference: string;
  /** State of the connection, or null. */
  readonly note: string | null;
  readonly paint: Paint;
}

/** Part of a line: its text, and a style to apply after truncation. */
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

/** Maximum number of groups per step, even if there is room for more. */
const MAX_GROUPS_PER_STEP = 20;

/** @returns at most `rows` lines of at most `columns` columns. */
export function drawFrame(job: JobView, options: FrameOptions): readonly string[] {
  const { columns, rows, note, paint } = options;
  const end = note === null ? [] : ["", fitLine([[note, paint.waitingUser]], columns)];
  const left = rows - 2 - end.length;
  const drawStep = createStepLine(job.steps, options);
  const shown = stepsThatFit(job.steps, Math.max(1, left));
  const groupLimit = groupsThatFit(shown.steps, left - shown.lineCount);
  const elision = (count: number, where: string) =>
    count > 0
      ? [fitLine([[`  … ${count} ${count === 1 ? "step" : "steps"} ${where}`, paint.weak]], columns)]
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
  return fitLine(
    [
      // Truncates a long name so that the status stays visible.
      [truncate(name, Math.max(8, columns - needed)), paint.strong],
      ["  "],
      [state, paint.status(status)],
      ...(elapsed ? [[`  ${elapsed}`] as const] : []),
      [`  ${reference}`, paint.weak],
    ],
    columns,
  );
}

/** Draws steps in columns: symbol, name, progress bar, finished and total hosts, remarks. */
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
  // The bar takes precedence over remarks, but not over names and counts.
  const barWidth = columns < 40 ? 0 : Math.min(32, Math.max(10, Math.floor(columns / 5), free));

  return (step) => {
    const bar: Segment =
      step.hasHosts && barWidth > 0
        ? [" ".repeat(barWidth), () => drawBar(step, barWidth, paint)]
        : [" ".repeat(barWidth)];
    return fitLine(
      [
        [SYMBOLS[step.status.phase], paint.status(step.status)],
        [` ${padEnd(truncate(step.name, nameWidth), nameWidth)}`],
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
      fitLine(
        [
          [`    ${text}`, paint.failed],
          [`  ${hosts}`, paint.weak],
        ],
        columns,
      ),
    ),
    // Without a group above it, this line would repeat the count in the line of the step.
    ...(rest > 0 && limit > 0 ? [fitLine([[`    … ${rest} more failed`, paint.weak]], columns)] : []),
  ];
}

/** How many groups per step fit into `lines`, with one line for the remaining groups of a step. */
function groupsThatFit(steps: readonly StepView[], lines: number): number {
  const linesWith = (limit: number) =>
    steps.reduce(
      (sum, { groups }) => sum + Math.min(groups.length, limit) + (groups.length > limit ? 1 : 0),
      0,
    );
  let limit = MAX_GROUPS_PER_STEP;
  while (limit > 0 && linesWith(limit) > lines) limit -= 1;
  return limit;
}

/** The steps around the current one that fit into `lines`, with lines for omitted steps if there is room. */
function stepsThatFit(steps: readonly StepView[], lines: number) {
  if (steps.length <= lines) return { steps, before: 0, after: 0, lineCount: steps.length };
  const current = steps.findLastIndex(({ status }) => status.phase !== "PENDING");
  const showsOmitted = lines >= 3;
  const count = showsOmitted ? lines - 2 : lines;
  const first = Math.min(Math.max(0, current - Math.floor(count / 2)), steps.length - count);
  return {
    steps: steps.slice(first, first + count),
    before: showsOmitted ? first : 0,
    after: showsOmitted ? steps.length - first - count : 0,
    lineCount: lines,
  };
}

const unstyled = (text: string): string => text;

/** Joins segments to a line of at most `columns` columns. */
function fitLine(segments: readonly Segment[], columns: number): string {
  let left = columns;
  let line = "";
  for (const [text, style = unstyled] of segments) {
    const width = widthOf(text);
    if (width > left) return line + style(truncate(text, left));
    line += style(text);
    left -= width;
  }
  return line;
}
