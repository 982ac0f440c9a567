/**
 * Finished jobs of any size, one per id, for load tests: a load generator can ask for a different job each
 * time at nearly no cost here. The rows are serialised once per host count; only the head, with the job's
 * own ids, is written per request.
 */
import type { RawAnswer } from "./answer.ts";
import { buildJob, SCRIPT } from "./build-job.ts";
import { BULK_RAN, BULK_START, bulkRow } from "./bulk-row.ts";
import type { Call, Responder } from "./call.ts";
import type { Job } from "./job.ts";
import { toJson } from "./json.ts";
import { DIALECTS, type Dialect, inReadOrder, renderData, renderRows } from "./render.ts";
import { bulkRows, ROW_KINDS, type RowKind } from "./row-kinds.ts";
import { serverData, serverRow } from "./server-form.ts";

/** `4`, six digits of host count, four of a serial number: 40010000007 has 1 000 hosts. */
const BULK_ID = /^4(\d{6})(\d{4})$/;
/** `5`, two digits of the kind of rows, one for how many are odd, then as above. */
const KIND_ID = /^5(\d{2})([01])(\d{6})(\d{4})$/;
const MAX_HOSTS = 100_000;
const SCOPE = "biz:1";

/** What the rows of a bulk job are like, and how many of them: `some` is 1 in 100. */
export interface BulkRowsKind {
  readonly kind: RowKind;
  readonly share: "some" | "all";
}

const EVERY = { some: 100, all: 1 } as const;

/**
 * The id of a finished job with `hostCount` hosts (up to 100 000); `serial` up to 9 999 tells them apart. With `rows`
 * they are of that kind, and keys come in the order in which servers send them.
 */
export function bulkJobId(hostCount: number, serial = 0, rows?: BulkRowsKind): string {
  const prefix = rows
    ? `5${String(ROW_KINDS.indexOf(rows.kind)).padStart(2, "0")}${rows.share === "all" ? 1 : 0}`
    : "4";
  return `${prefix}${String(hostCount).padStart(6, "0")}${String(serial).padStart(4, "0")}`;
}

/** A bulk job without its own ids. */
interface BulkSpec {
  readonly hostCount: number;
  readonly name: string;
  /** Null: tidy rows in the simulator's own order of keys. */
  readonly rows: BulkRowsKind | null;
}

/** Everything but the rows. */
const bulkJob = (id: number, { hostCount, name }: BulkSpec): Job => {
  const status = hostCount > 19 ? 4 : 3;
  return buildJob({
    id,
    name,
    status,
    created: BULK_START,
    ran: BULK_RAN,
    steps: [{ id: id * 10 + 1, type: SCRIPT, name: "执行脚本", status, ran: BULK_RAN }],
  });
};

/** Indentation of the body. */
const indentOf = ({ rows }: BulkSpec): number => (rows?.kind === "white-space" ? 2 : 0);

/** All rows as they are sent at one read. */
function rowsText(spec: BulkSpec, dialect: Dialect, read: number): string {
  const { hostCount, rows } = spec;
  if (rows === null) {
    const plain = Array.from({ length: hostCount }, (_, index) => bulkRow(index));
    return toJson(renderRows(plain, { dialect, read }));
  }
  const odd = bulkRows(hostCount, { kind: rows.kind, every: EVERY[rows.share], dialect });
  return toJson(
    inReadOrder(odd, read).map((row) => serverRow(row, dialect)),
    indentOf(spec),
  );
}

/** Rows as JSON text, ready to be sent: two orders per dialect, which alternate. */
function createRowText(spec: BulkSpec): (dialect: Dialect, read: number) => Uint8Array {
  const texts = new Map<string, Uint8Array>();
  return (dialect, read) => {
    const key = `${dialect}/${read % 2}`;
    let text = texts.get(key);
    if (text === undefined) {
      text = Buffer.from(rowsText(spec, dialect, read % 2));
      texts.set(key, text);
    }
    return text;
  };
}

/** `data` with an empty host list where rows are wanted. */
function headData(spec: BulkSpec, { jobInstanceId, dialect, wantsRows }: Call): object {
  const job = bulkJob(Number(jobInstanceId), spec);
  const [step] = job.steps;
  if (spec.rows === null || step === undefined) return renderData(job, { dialect, wantsRows, read: 0 });
  return serverData(job.instance, step.instance, { dialect, wantsRows });
}

/** Answers for all jobs of one host count; rows are serialised at the first request that wants them. */
function createBulkAnswer(spec: BulkSpec): Responder {
  const rowText = createRowText(spec);
  const indent = indentOf(spec);
  let reads = 0;
  return (call): RawAnswer => {
    const { dialect, jobRequestId, wantsRows } = call;
    const text = toJson({ data: headData(spec, call), job_request_id: jobRequestId }, indent);
    const key = `"${DIALECTS[dialect].listKey}":${indent > 0 ? " " : ""}`;
    // Without rows of its own the job renders an empty list: the ready text goes in its place.
    const [head = "", tail = ""] = text.split(`${key}[]`);
    return {
      kind: "raw",
      status: 200,
      headers: { "content-type": "application/json", "x-bk-job-request-id": jobRequestId },
      body: wantsRows ? [`${head}${key}`, rowText(dialect, reads++), tail] : text,
    };
  };
}

/** One large job under an id of its own. */
export const createLargeJob = (hostCount: number, name: string): Responder =>
  createBulkAnswer({ hostCount, name, rows: null });

/** How many host counts are kept serialised: 19 MB each at 50 000 hosts, times two orders. */
const KEPT = 8;

/** What an id says of its job; null for all other ids, also those that ask for too much. */
function readBulkId(id: string): BulkSpec | null {
  const digits = BULK_ID.exec(id)?.[1];
  const [, kindDigits, share, countDigits] = KIND_ID.exec(id) ?? [];
  const kind = ROW_KINDS[Number(kindDigits)];
  const hostCount = Number(digits ?? countDigits);
  if (hostCount > MAX_HOSTS || (digits === undefined && kind === undefined)) return null;
  if (digits !== undefined || kind === undefined) {
    return { hostCount, name: `批量作业 ${hostCount} 台`, rows: null };
  }
  const name = kind === "untidy" ? `发布 "订单服务"（${hostCount} 台）` : `批量作业 ${hostCount} 台`;
  return { hostCount, name, rows: { kind, share: share === "1" ? "all" : "some" } };
}

/** All ids that name their host count. */
export function createBulkJobs(): { find(scope: string, id: string): Responder | undefined } {
  const responders = new Map<string, Responder>();
  return {
    find(scope, id) {
      const spec = scope === SCOPE ? readBulkId(id) : null;
      if (spec === null) return undefined;
      // Serial numbers make no difference to the rows.
      const key = id.slice(0, -4);
      let responder = responders.get(key);
      if (responder === undefined) {
        responder = createBulkAnswer(spec);
        responders.set(key, responder);
        const [oldest] = responders.keys();
        if (responders.size > KEPT && oldest !== undefined) responders.delete(oldest);
      }
      return responder;
    },
  };
}
