/**
 * Finished jobs of any size for load tests. Every job has an id of its own, so a load generator can request a different
 * job each time at almost no cost to the simulator: rows are serialized once per number of hosts, and only the fields
 * of the job and its step are serialized per request.
 */

import { buildJob, SCRIPT } from "./build-job.ts";
import { BULK_RAN, BULK_START, bulkRows, ROW_KINDS, type RowKind, tidyRow } from "./bulk-rows.ts";
import type { Call, Responder } from "./call.ts";
import type { Job } from "./job.ts";
import { DIALECT_NAMES, type Dialect, inReadOrder, renderData, renderRows } from "./render.ts";
import type { RawResponse } from "./response.ts";
import { toJson } from "./response.ts";
import { serverData, serverRow } from "./server-key-order.ts";

/** `4`, number of hosts (6 digits), serial number (4 digits): 40010000007 has 1 000 hosts. */
const BULK_ID = /^4(\d{6})(\d{4})$/;
/** `5`, kind of rows (2 digits), whether all rows are of that kind (1 digit), then as above. */
const KIND_ID = /^5(\d{2})([01])(\d{6})(\d{4})$/;
const MAX_HOSTS = 100_000;
const SCOPE = "biz:1";

/** The kind of the rows of a bulk job, and how many of them have it: `some` means 1 in 100. */
export interface BulkRowsKind {
  readonly kind: RowKind;
  readonly share: "some" | "all";
}

const EVERY = { some: 100, all: 1 } as const;

/**
 * The id of a finished job.
 * @param hostCount up to 100 000.
 * @param serial up to 9 999, to distinguish jobs of the same size.
 * @param rows kind of the rows, whose keys are then in the order in which real servers send them.
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
  /** Null means tidy rows with the simulator's own key order. */
  readonly rows: BulkRowsKind | null;
}

/** The job without its rows. */
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

/** All rows as JSON, in the order of one read. */
function serializeRows(spec: BulkSpec, dialect: Dialect, read: number): string {
  const { hostCount, rows } = spec;
  if (rows === null) {
    const tidyRows = Array.from({ length: hostCount }, (_, index) => tidyRow(index));
    return toJson(renderRows(tidyRows, { dialect, read }));
  }
  const variedRows = bulkRows(hostCount, { kind: rows.kind, every: EVERY[rows.share], dialect });
  return toJson(
    inReadOrder(variedRows, read).map((row) => serverRow(row, dialect)),
    indentOf(spec),
  );
}

/** Caches serialized rows: two alternating orders per dialect. */
function createRowCache(spec: BulkSpec): (dialect: Dialect, read: number) => Uint8Array {
  const cache = new Map<string, Uint8Array>();
  return (dialect, read) => {
    const key = `${dialect}/${read % 2}`;
    let json = cache.get(key);
    if (json === undefined) {
      json = Buffer.from(serializeRows(spec, dialect, read % 2));
      cache.set(key, json);
    }
    return json;
  };
}

/** `data` with an empty host list in place of the rows. */
function dataWithoutRows(spec: BulkSpec, { jobInstanceId, dialect, wantsRows }: Call): object {
  const job = bulkJob(Number(jobInstanceId), spec);
  const [step] = job.steps;
  if (spec.rows === null || step === undefined) return renderData(job, { dialect, wantsRows, read: 0 });
  return serverData(job.instance, step.instance, { dialect, wantsRows });
}

/** Responds for all jobs of one specification. Rows are serialized by the first request that wants them. */
function createBulkResponder(spec: BulkSpec): Responder {
  const rowsJson = createRowCache(spec);
  const indent = indentOf(spec);
  let reads = 0;
  return (call): RawResponse => {
    const { dialect, jobRequestId, wantsRows } = call;
    const body = toJson({ data: dataWithoutRows(spec, call), job_request_id: jobRequestId }, indent);
    const key = `"${DIALECT_NAMES[dialect].listKey}":${indent > 0 ? " " : ""}`;
    // The cached rows replace the empty list.
    const [head = "", tail = ""] = body.split(`${key}[]`);
    return {
      kind: "raw",
      status: 200,
      headers: { "content-type": "application/json", "x-bk-job-request-id": jobRequestId },
      body: wantsRows ? [`${head}${key}`, rowsJson(dialect, reads++), tail] : body,
    };
  };
}

/** A large job with a fixed id. */
export const createLargeJob = (hostCount: number, name: string): Responder =>
  createBulkResponder({ hostCount, name, rows: null });

/** Maximum number of cached specifications. The rows of 50 000 hosts take 19 MB per order. */
const MAX_CACHED_RESPONDERS = 8;

/** The job that an id specifies. Null for other ids, and for more than `MAX_HOSTS`. */
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

/** The jobs whose ids specify them. */
export function createBulkJobs(): { find(scope: string, id: string): Responder | undefined } {
  const responders = new Map<string, Responder>();
  return {
    find(scope, id) {
      const spec = scope === SCOPE ? readBulkId(id) : null;
      if (spec === null) return undefined;
      // Jobs that differ only in the serial number share a responder.
      const key = id.slice(0, -4);
      let responder = responders.get(key);
      if (responder === undefined) {
        responder = createBulkResponder(spec);
        responders.set(key, responder);
        const [oldest] = responders.keys();
        if (responders.size > MAX_CACHED_RESPONDERS && oldest !== undefined) responders.delete(oldest);
      }
      return responder;
    },
  };
}
