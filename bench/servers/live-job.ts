/** Jobs that keep changing. */

import { buildJob, SCRIPT } from "../../src/simulator/build-job.ts";
import { host, outcome } from "../../src/simulator/hosts.ts";
import type { Row } from "../../src/simulator/job.ts";
import { renderData } from "../../src/simulator/render.ts";
import type { RawResponse } from "../../src/simulator/response.ts";
import { toJson } from "../../src/simulator/response.ts";

export interface LiveJob {
  readonly id: string;
  readonly hosts: number;
  readonly changeEveryMs: number;
}

/** The job that viewers watch. A small number of hosts favours polling, which returns every row with every response. */
export const SMALL_LIVE_JOB: LiveJob = { id: "30000000020", hosts: 20, changeEveryMs: 2_000 };

/** Megabytes at every change, for viewers that do not read. */
export const LARGE_LIVE_JOB: LiveJob = { id: "30000010000", hosts: 10_000, changeEveryMs: 1_000 };

/** After this many changes all hosts have finished, and the job starts over, as after a retry. */
const CHANGES = 20;

const WAITING = 5;
const RUNNING = 7;
const SUCCEEDED = 9;

/** The job's name contains the number of the change, by which results are timed. */
export const nameOfChange = (change: number): string => `Change ${change}`;

/**
 * @returns a function that returns the response after a number of changes. Each state is serialized once for all
 *   requests.
 */
export function createLiveResponses({ id, hosts }: LiveJob, startedAt: number) {
  let written = { change: -1, plain: "", withRows: "" };
  const write = (change: number) => {
    const job = buildJob({
      id: Number(id),
      name: nameOfChange(change),
      status: 2,
      created: startedAt,
      ran: [startedAt],
      steps: [
        {
          id: Number(id) * 10 + 1,
          type: SCRIPT,
          name: "预检",
          status: 3,
          ran: [startedAt, startedAt + 1_000],
        },
        {
          id: Number(id) * 10 + 2,
          type: SCRIPT,
          name: "升级",
          status: 2,
          ran: [startedAt + 1_000],
          rows: rowsAfter(change, hosts, startedAt),
        },
      ],
    });
    const text = (wantsRows: boolean) =>
      toJson({
        data: renderData(job, { dialect: "release", wantsRows, read: change }),
        job_request_id: "live",
      });
    written = { change, plain: text(false), withRows: text(true) };
  };
  return (change: number, wantsRows: boolean): RawResponse => {
    if (written.change !== change) write(change);
    return {
      kind: "raw",
      status: 200,
      headers: { "content-type": "application/json" },
      body: wantsRows ? written.withRows : written.plain,
    };
  };
}

/** With every change some hosts finish and the next ones start. */
function rowsAfter(change: number, hosts: number, startedAt: number): Row[] {
  const share = hosts / CHANGES;
  const done = (change % CHANGES) * share;
  return Array.from({ length: hosts }, (_, index) => {
    const status = index < done ? SUCCEEDED : index < done + share ? RUNNING : WAITING;
    const ran = [startedAt + 1_000, startedAt + 2_000 + index] as const;
    const tag = index % 49 === 7 ? 'step 1\n"ok"' : index % 9 === 4 ? "部署完成 ✅" : "";
    return { target: { host: host(index) }, outcome: outcome(SCRIPT, status, ran, { tag }) };
  });
}
