/** Displays for pipes and files: one line per change, without colors and control characters. */
import type { Display, OutputStream } from "./display.ts";
import { elapsedText, type GroupView, type JobView, type StepView, toJobView } from "./job-view.ts";

export interface LineDisplayOptions {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}

export const createLineDisplay = ({ stdout, stderr }: LineDisplayOptions): Display => ({
  show: (update) => {
    if (update.__typename === "JobInstance") stdout.write(`${lineOf(toJobView(update))}\n`);
  },
  note: createNotes(stderr),
  end: () => {},
});

/** One JSON object per update, with the same data as the gateway sent. */
export const createJsonDisplay = ({ stdout, stderr }: LineDisplayOptions): Display => ({
  show: (update) => void stdout.write(`${printableJson(update)}\n`),
  note: createNotes(stderr),
  end: () => {},
});

const createNotes = (stderr: OutputStream) => (text: string | null) =>
  void stderr.write(`${text ?? "Reconnected."}\n`);

/** `JSON.stringify` does not escape control characters above U+007E, some of which terminals interpret. */
const printableJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** For example `2026-01-01T00:00:05Z 安全补丁: RUNNING 5s; 检查环境 6/6; 分发补丁 2/6, 3 running; 安装补丁 PENDING`. */
function lineOf({ name, status, elapsedMs, observedAt, steps }: JobView): string {
  const elapsed = elapsedText(elapsedMs);
  const head = `${observedAt.replace(/\.\d+Z$/, "Z")} ${name}: ${status.label}${elapsed ? ` ${elapsed}` : ""}`;
  return [head, ...steps.map(stepText)].join("; ");
}

function stepText({ name, status, hosts, done, failed, others, groups }: StepView): string {
  const isPlain = hosts.total > 0 && !status.isSpecial;
  const parts = [
    [name, ...(hosts.total > 0 ? [`${done}/${hosts.total}`] : []), ...(isPlain ? [] : [status.label])].join(
      " ",
    ),
    ...(failed ? [`${failed}${groups.length > 0 ? ` (${groupTexts(groups)})` : ""}`] : []),
    ...(hosts.running > 0 ? [`${hosts.running} running`] : []),
    ...others,
  ];
  return parts.join(", ");
}

/** Maximum number of groups of failed hosts in a line. */
const MAX_GROUPS_PER_LINE = 5;

function groupTexts(groups: readonly GroupView[]): string {
  const texts = groups
    .slice(0, MAX_GROUPS_PER_LINE)
    .map(({ text, hosts }) => (hosts ? `${text}: ${hosts}` : text));
  const rest = groups.slice(MAX_GROUPS_PER_LINE).reduce((sum, { count }) => sum + count, 0);
  return [...texts, ...(rest > 0 ? [`${rest} more failed`] : [])].join("; ");
}
