/**
 * Host rows that are harder to decode than plain ones, for load tests: a mix of what real servers send, and each oddity
 * by itself. The same arguments always give the same rows.
 */
import { SCRIPT } from "./build-job.ts";
import { bulkRow } from "./bulk-row.ts";
import { host, outcome } from "./hosts.ts";
import type { Container, Outcome, Row } from "./job.ts";
import { rawNumber } from "./json.ts";
import type { Dialect } from "./render.ts";

/**
 * `tidy`: ASCII only, every field present. `untidy`: as real servers send it. `white-space`: tidy rows in a body with
 * line breaks and indentation. All others: tidy rows, of which some or all have this one oddity.
 */
export const ROW_KINDS = [
  "tidy",
  "untidy",
  "white-space",
  "escape",
  "non-ascii",
  "container",
  "large-id",
  "extra-field",
  "absent",
  "null",
  "key-order",
  "exponent",
] as const;

export type RowKind = (typeof ROW_KINDS)[number];

/** A row with properties of its JSON. */
export interface BulkRow extends Row {
  /** Undocumented fields. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** Whether the keys are in reverse order. */
  readonly isReversed?: boolean;
}

export interface BulkRowsOptions {
  readonly kind: RowKind;
  /** One in this many rows has the oddity: 1 is all. Has no meaning for `tidy`, `untidy` and `white-space`. */
  readonly every: number;
  readonly dialect: Dialect;
}

/** The rows of one step. */
export const bulkRows = (hostCount: number, { kind, every, dialect }: BulkRowsOptions): BulkRow[] =>
  Array.from({ length: hostCount }, (_, index) => {
    if (kind === "untidy") return untidyRow(index, dialect);
    // The middle of every hundred, so that short lists have none.
    const isOdd = index % every === every >> 1;
    return isOdd ? oddRow(kind, index, dialect) : bulkRow(index);
  });

/** What scripts print: quotes, line breaks, tabs, backslashes, terminal colours. JSON has to escape each of these. */
const ESCAPED_TAGS = [
  'started "nginx" twice',
  "step 1 ok\nstep 2 ok",
  "C:\\bk\\agent\\logs\\run.log",
  "cpu\t12%\tmem\t48%",
  '磁盘 "/data" 已满\n请清理后重试',
  "\u001b[31mFAILED\u001b[0m exit=\\1\r\n",
];
const NON_ASCII_TAGS = [
  "部署完成",
  "版本 2.3.1 已发布 ✅",
  "🚀 灰度批次三",
  "Übersprungen, café geschlossen",
];

const pick = (tags: readonly string[], index: number): string => tags[index % tags.length] ?? "";

const without = <T extends object, K extends keyof T>(fields: T, ...names: readonly K[]): Omit<T, K> =>
  // `fromEntries` forgets the keys' types: they are those of `fields` but for `names`.
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name as K))) as Omit<T, K>;

const containerOf = (index: number): Container => ({
  id: 500_000 + index,
  container_id: `docker://${(index * 2_654_435_761).toString(16).padStart(64, "0")}`,
  node_host_id: 2_000_000 + (index % 500),
  name: `order-api-${index}`,
});

const RUNNING = 7;
const WAITING = 5;
const NULL_RESULT = { exit_code: null, end_time: null, total_time: null } as const;

/** One row of the mix. */
function untidyRow(index: number, dialect: Dialect): BulkRow {
  const row = bulkRow(index);
  return { ...row, target: untidyTarget(index, dialect), outcome: untidyOutcome(index, dialect, row) };
}

function untidyTarget(index: number, dialect: Dialect): Row["target"] {
  if (dialect === "release" && index % 500 === 251) return { container: containerOf(index) };
  const area = index % 5 === 2 ? { bk_cloud_id: 3, bk_cloud_name: "华东专区" } : {};
  const whole = host(10_000 + index, { ...area, alive: index % 200 === 199 ? 0 : 1 });
  if (index % 250 === 111)
    return { host: { ...without(whole, "ip"), ipv6: `2001:db8::${index.toString(16)}` } };
  return { host: whole };
}

function untidyOutcome(index: number, dialect: Dialect, { outcome: tidy }: Row): Outcome {
  const start = Number(tidy.start_time);
  // A host that waits for its retry still has the tag of the previous run.
  if (index % 500 === 401) return outcome(SCRIPT, WAITING, [start, start], { tag: "previous run" });
  if (index % 500 === 333) {
    const running = outcome(SCRIPT, RUNNING, [start, start]);
    // Old servers write nulls where newer ones leave the field out.
    return dialect === "contract" ? { ...running, ...NULL_RESULT } : running;
  }
  if (index % 100 === 57) return without(tidy, "tag");
  if (index % 49 === 7) return { ...tidy, tag: pick(ESCAPED_TAGS, index) };
  return index % 9 === 4 ? { ...tidy, tag: pick(NON_ASCII_TAGS, index) } : tidy;
}

/** From 2^53 + 1: a double cannot represent these. */
const largeId = (index: number): bigint => 9_007_199_254_740_993n + BigInt(2 * index);

/** A tidy row with one oddity. */
function oddRow(kind: RowKind, index: number, dialect: Dialect): BulkRow {
  const row = bulkRow(index);
  const machine = host(10_000 + index);
  const withOutcome = (fields: Partial<Outcome>): BulkRow => ({
    ...row,
    outcome: { ...row.outcome, ...fields },
  });
  switch (kind) {
    case "escape":
      return withOutcome({ tag: pick(ESCAPED_TAGS, index >> 1) });
    case "non-ascii":
      return withOutcome({ tag: pick(NON_ASCII_TAGS, index >> 1) });
    case "container":
      // The documented form has no containers.
      return dialect === "contract" ? row : { ...row, target: { container: containerOf(index) } };
    case "large-id":
      return { ...row, target: { host: { ...machine, bk_host_id: largeId(index) } } };
    case "extra-field":
      return { ...row, extra: { labels: { zone: ["a", { rack: null }], weight: -1.5e-3, isSpare: false } } };
    case "absent":
      return { target: { host: without(machine, "ip") }, outcome: absentOutcome(row.outcome) };
    case "null":
      return {
        target: { host: { ...machine, ip: null } },
        outcome: { ...row.outcome, tag: null, ...NULL_RESULT },
      };
    case "key-order":
      return { ...row, isReversed: true };
    case "exponent":
      return withOutcome({ total_time: rawNumber(`${Number(row.outcome.total_time) / 1_000}e3`) });
    default:
      return row;
  }
}

const absentOutcome = (fields: Outcome): Outcome =>
  without(fields, "tag", "exit_code", "end_time", "total_time");
