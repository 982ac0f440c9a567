/** Messages to and from a load generator. */

import type { BulkRowsKind } from "../../src/simulator/bulk-jobs.ts";

export interface Load {
  /** `http://127.0.0.1:port`: requests only go to this machine. */
  readonly origin: string;
  /** Null: the requests have no such header. */
  readonly acceptEncoding: string | null;
  /** Request body: these two strings with a job id between them. */
  readonly body: readonly [before: string, after: string];
  /** Which jobs are requested: their number of hosts and kind of rows; `from` is the serial number of the first. */
  readonly jobs: {
    readonly hosts: number;
    readonly rows: BulkRowsKind;
    readonly from: number;
    readonly same: boolean;
  };
  /** Each sends one request at a time. */
  readonly connections: number;
  /** Ends after this many requests or this much time, whichever comes first. */
  readonly requests: number;
  readonly maxMs: number;
  /** Time from the start of one request to the start of the next on a connection; 0 = no pause. */
  readonly intervalMs: number;
  /** How every response must start, unless it is compressed, and its approximate length. */
  readonly expected: { readonly start: string | null; readonly bytes: number };
}

export interface LoadResult {
  readonly requests: number;
  readonly wallMs: number;
  /** Time to the last byte, in milliseconds. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Describes the first wrong response, which ends the run. */
  readonly failure: string | null;
}
