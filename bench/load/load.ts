/** What a load generator is told, and what it tells. */

import type { BulkRowsKind } from "../../src/simulator/bulk-jobs.ts";

export interface Load {
  /** `http://127.0.0.1:port`; nothing but this machine is ever asked. */
  readonly origin: string;
  /** Request body: these two texts with a job id between them. */
  readonly body: readonly [before: string, after: string];
  /** Jobs with so many hosts of that kind are asked for; `from` is the serial number of the first. */
  readonly jobs: {
    readonly hosts: number;
    readonly rows: BulkRowsKind;
    readonly from: number;
    readonly same: boolean;
  };
  /** Each has one request at a time. */
  readonly connections: number;
  /** Ends after so many requests or so much time, whichever is first. */
  readonly requests: number;
  readonly maxMs: number;
  /** Time from the begin of one request to that of the next on a connection; 0 = at once. */
  readonly paceMs: number;
  /** What every answer must be like: how it begins, and about how long it is. */
  readonly expected: { readonly start: string; readonly bytes: number };
}

export interface LoadResult {
  readonly requests: number;
  readonly wallMs: number;
  /** Time to the last byte, in milliseconds. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** What the first wrong answer was; the run ends there. */
  readonly failure: string | null;
}
