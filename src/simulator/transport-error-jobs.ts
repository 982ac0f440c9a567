/** Responses that are late, incomplete, too large, or never sent. */
import type { Call, JobEntry } from "./call.ts";
import { errorJob } from "./call.ts";
import { v4Success } from "./envelopes.ts";
import { sampleData } from "./payload-error-jobs.ts";
import { toJson } from "./response.ts";

const HEAD = { status: 200, headers: { "content-type": "application/json" } };
const sampleBody = (call: Call): string => toJson(v4Success(call, sampleData(call)).body);

/** More than any real job: 100 000 rows are 38 MB. */
const FLOOD_BYTES = 1_073_741_824;
const FLOOD_ROW = `${JSON.stringify({ bk_host_id: 101, ip: "127.0.0.1", bk_cloud_id: 0, status: 9, tag: "" })},\n`;

export const TRANSPORT_ERROR_JOBS: readonly JobEntry[] = [
  errorJob(20_000_090_501, "Slow: a valid response after 2 s", (call) => ({
    kind: "delayed",
    delayMs: 2_000,
    response: v4Success(call, sampleData(call)),
  })),
  errorJob(20_000_090_502, "Hanging: never responds", () => ({ kind: "hang" })),
  errorJob(20_000_090_503, "Drip: a valid response, one byte every 100 ms", (call) => ({
    kind: "drip",
    ...HEAD,
    body: sampleBody(call),
    chunkBytes: 1,
    pauseMs: 100,
  })),
  errorJob(20_000_090_504, "Connection reset before the first byte", () => ({ kind: "reset" })),
  errorJob(20_000_090_505, "Connection closed in the middle of the body", (call) => ({
    kind: "truncated",
    ...HEAD,
    body: sampleBody(call),
  })),
  ...[false, true].map((announced, index) =>
    errorJob(
      20_000_090_506 + index,
      announced ? "Oversized: content-length of 1 GiB" : "Oversized: 1 GiB in chunks, without a length",
      () => ({ kind: "flood", ...HEAD, row: FLOOD_ROW, bytes: FLOOD_BYTES, hasContentLength: announced }),
    ),
  ),
];
