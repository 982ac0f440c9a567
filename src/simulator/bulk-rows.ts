/**
 * Host rows of bulk jobs. In addition to tidy rows, there are rows that are harder to decode, for load tests: a mix of
 * what real servers send, and each variation on its own. The same arguments always give the same rows.
 */
import { SCRIPT } from "./build-job.ts";
import { host, type OutcomeDetails, outcome, RUNNING, WAITING } from "./hosts.ts";
import type { ContainerPayload, Outcome, Row } from "./job.ts";
import type { Dialect } from "./render.ts";
import { rawNumber } from "./response.ts";

/** Creation time of bulk jobs. */
export const BULK_START = Date.UTC(2026, 2, 10, 2);
/** Their start and end times. */
export const BULK_RAN = [BULK_START + 50, BULK_START + 180_000] as const;

/** Of every 200 hosts, 10 fail in these ways. */
const FAILURES: readonly (OutcomeDetails & { readonly status: number; readonly hosts: number })[] = [
  { status: 104, tag: "disk full", exitCode: 1, hosts: 4 },
  { status: 104, tag: "port in use", exitCode: 98, hosts: 2 },
  { status: 104, exitCode: 127, hosts: 1 },
  { status: 13, exitCode: 124, hosts: 1 },
  { status: 11, tag: "lock held", exitCode: 255, hosts: 1 },
  { status: 1, hosts: 1 },
];
const FAILURE_CYCLE = FAILURES.flatMap((failure) => Array.from({ length: failure.hosts }, () => failure));

/** A host that succeeds; every 20th one fails, with the next failure of the cycle. */
export function tidyRow(index: number): Row {
  const failure = index % 20 === 19 ? FAILURE_CYCLE[((index - 19) / 20) % FAILURE_CYCLE.length] : undefined;
  const start = BULK_RAN[0] + (index % 1_000);
  const durationMs = 2_000 + ((index * 7_919) % 170_000);
  return {
    target: { host: host(10_000 + index) },
    outcome: outcome(SCRIPT, failure?.status ?? 9, [start, start + durationMs], failure),
  };
}

/**
 * `tidy`: ASCII only, every field present. `untidy`: as real servers send it. `white-space`: tidy rows in a body with
 * line breaks and indentation. All others: tidy rows, some or all of which have this one variation.
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

/** A row, and how its JSON differs from that of other rows. */
export interface BulkRow extends Row {
  /** Undocumented fields. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** Whether the keys are in reverse order. */
  readonly isReversed?: boolean;
}

export interface BulkRowsOptions {
  readonly kind: RowKind;
  /** One in this many rows has the variation; 1 means all rows. Ignored for `tidy`, `untidy` and `white-space`. */
  readonly every: number;
  readonly dialect: Dialect;
}

/** The rows of one step. */
export const bulkRows = (hostCount: number, { kind, every, dialect }: BulkRowsOptions): BulkRow[] =>
  Array.from({ length: hostCount }, (_, index) => {
    if (kind === "untidy") return untidyRow(index, dialect);
    // In the middle of every group, so that short lists have none.
    const isVariant = index % every === every >> 1;
    return isVariant ? variantRow(kind, index, dialect) : tidyRow(index);
  });

/** Output of scripts that JSON must escape: quotes, line breaks, tabs, backslashes, terminal colors. */
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
  // `fromEntries` loses the types of the keys. They are those of `fields` except `names`.
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name as K))) as Omit<T, K>;

const containerOf = (index: number): ContainerPayload => ({
  id: 500_000 + index,
  container_id: `docker://${(index * 2_654_435_761).toString(16).padStart(64, "0")}`,
  node_host_id: 2_000_000 + (index % 500),
  name: `order-api-${index}`,
});

const NULL_RESULT = { exit_code: null, end_time: null, total_time: null } as const;

/** A row of the mix that real servers send. */
function untidyRow(index: number, dialect: Dialect): BulkRow {
  const row = tidyRow(index);
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
  // A host that waits for a retry still has the tag of its previous run.
  if (index % 500 === 401) return outcome(SCRIPT, WAITING, [start, start], { tag: "previous run" });
  if (index % 500 === 333) {
    const running = outcome(SCRIPT, RUNNING, [start, start]);
    // Old servers send null where newer ones omit the field.
    return dialect === "contract" ? { ...running, ...NULL_RESULT } : running;
  }
  if (index % 100 === 57) return without(tidy, "tag");
  if (index % 49 === 7) return { ...tidy, tag: pick(ESCAPED_TAGS, index) };
  return index % 9 === 4 ? { ...tidy, tag: pick(NON_ASCII_TAGS, index) } : tidy;
}

/** From 2^53 + 1: not exact as a JavaScript number. */
const largeId = (index: number): bigint => 9_007_199_254_740_993n + BigInt(2 * index);

/** A tidy row with one variation. */
function variantRow(kind: RowKind, index: number, dialect: Dialect): BulkRow {
  const row = tidyRow(index);
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
      // The documented form cannot express containers.
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
