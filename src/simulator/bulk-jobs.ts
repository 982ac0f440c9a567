/**
 * Finished jobs of any size, one per id, for load tests: a load generator can ask for a different job each
 * time at nearly no cost here. The rows are serialised once per host count; only the head, with the job's
 * own ids, is written per request.
 */
import type { RawAnswer } from "./answer.ts";
import { buildJob, SCRIPT } from "./build-job.ts";
import type { Call, Responder } from "./call.ts";
import { host, outcome, type Say } from "./hosts.ts";
import type { Job, Row } from "./job.ts";
import { toJson } from "./json.ts";
import { DIALECTS, type Dialect, renderData, renderRows } from "./render.ts";

/** `4`, six digits of host count, four of a serial number: 40010000007 has 1 000 hosts. */
const BULK_ID = /^4(\d{6})(\d{4})$/;
const MAX_HOSTS = 100_000;
const SCOPE = "biz:1";

/** The id of a finished job with `hostCount` hosts (up to 100 000); `serial` up to 9 999 tells them apart. */
export const bulkJobId = (hostCount: number, serial = 0): string =>
  `4${String(hostCount).padStart(6, "0")}${String(serial).padStart(4, "0")}`;

const START = Date.UTC(2026, 2, 10, 2);
const RAN = [START + 50, START + 180_000] as const;

/** Of every 200 hosts ten fail, in these groups. */
const FAILURES: readonly (Say & { readonly status: number; readonly hosts: number })[] = [
  { status: 104, tag: "disk full", exitCode: 1, hosts: 4 },
  { status: 104, tag: "port in use", exitCode: 98, hosts: 2 },
  { status: 104, exitCode: 127, hosts: 1 },
  { status: 13, exitCode: 124, hosts: 1 },
  { status: 11, tag: "lock held", exitCode: 255, hosts: 1 },
  { status: 1, hosts: 1 },
];
const FAILING = FAILURES.flatMap((failure) => Array.from({ length: failure.hosts }, () => failure));

/** Every 20th host fails, with the next of the failures. */
function bulkRow(index: number): Row {
  const failure = index % 20 === 19 ? FAILING[((index - 19) / 20) % FAILING.length] : undefined;
  const start = RAN[0] + (index % 1_000);
  const took = 2_000 + ((index * 7_919) % 170_000);
  return {
    target: { host: host(10_000 + index) },
    outcome: outcome(SCRIPT, failure?.status ?? 9, [start, start + took], failure),
  };
}

/** Everything but the rows. */
const bulkJob = (id: number, hostCount: number, name: string): Job => {
  const status = hostCount > 19 ? 4 : 3;
  return buildJob({
    id,
    name,
    status,
    created: START,
    ran: RAN,
    steps: [{ id: id * 10 + 1, type: SCRIPT, name: "执行脚本", status, ran: RAN }],
  });
};

/** Rows as JSON text, ready to be sent: two orders per dialect, which alternate. */
function createRowText(hostCount: number): (dialect: Dialect, read: number) => Uint8Array {
  const texts = new Map<string, Uint8Array>();
  return (dialect, read) => {
    const key = `${dialect}/${read % 2}`;
    let text = texts.get(key);
    if (text === undefined) {
      const rows = Array.from({ length: hostCount }, (_, index) => bulkRow(index));
      text = Buffer.from(toJson(renderRows(rows, { dialect, read: read % 2 })));
      texts.set(key, text);
    }
    return text;
  };
}

/** Answers for all jobs of one host count; rows are serialised at the first request that wants them. */
function createBulkAnswer(hostCount: number): (call: Call, name: string) => RawAnswer {
  const rowText = createRowText(hostCount);
  let reads = 0;
  return (call, name) => {
    const { dialect, jobRequestId, wantsRows } = call;
    const job = bulkJob(Number(call.jobInstanceId), hostCount, name);
    const data = toJson(renderData(job, { dialect, wantsRows, read: 0 }));
    const text = `{"data":${data},"job_request_id":"${jobRequestId}"}`;
    // Without rows of its own the job renders an empty list: the ready text goes in its place.
    const [head = "", tail = ""] = text.split(`"${DIALECTS[dialect].listKey}":[]`);
    return {
      kind: "raw",
      status: 200,
      headers: { "content-type": "application/json", "x-bk-job-request-id": jobRequestId },
      body: wantsRows ? [`${head}"${DIALECTS[dialect].listKey}":`, rowText(dialect, reads++), tail] : text,
    };
  };
}

/** One large job under an id of its own. */
export function createLargeJob(hostCount: number, name: string): Responder {
  const answer = createBulkAnswer(hostCount);
  return (call) => answer(call, name);
}

/** How many host counts are kept serialised: 19 MB each at 50 000 hosts, times two orders. */
const KEPT = 8;

/** All ids that name their host count. */
export function createBulkJobs(): { find(scope: string, id: string): Responder | undefined } {
  const byHostCount = new Map<number, Responder>();
  return {
    find(scope, id) {
      const digits = BULK_ID.exec(id)?.[1];
      if (scope !== SCOPE || digits === undefined) return undefined;
      const hostCount = Number(digits);
      if (hostCount > MAX_HOSTS) return undefined;
      let responder = byHostCount.get(hostCount);
      if (responder === undefined) {
        responder = createLargeJob(hostCount, `批量作业 ${hostCount} 台`);
        byHostCount.set(hostCount, responder);
        const [oldest] = byHostCount.keys();
        if (byHostCount.size > KEPT && oldest !== undefined) byHostCount.delete(oldest);
      }
      return responder;
    },
  };
}
