/** Answers that come late, in part, without end, or never. */
import type { Call, JobEntry } from "./call.ts";
import { v4Success } from "./envelopes.ts";
import { fault } from "./fault.ts";
import { toJson } from "./json.ts";
import { sampleData } from "./payload-faults.ts";

const HEAD = { status: 200, headers: { "content-type": "application/json" } };
const text = (call: Call): string => toJson(v4Success(call, sampleData(call)).body);

/** More than any job has: 100 000 rows are 38 MB. */
const FLOOD_BYTES = 1_073_741_824;
const FLOOD_ROW = `${JSON.stringify({ bk_host_id: 101, ip: "127.0.0.1", bk_cloud_id: 0, status: 9, tag: "" })},\n`;

export const TRANSPORT_FAULTS: readonly JobEntry[] = [
  fault(20_000_090_501, "Slow: a good answer after 2 s", (call) => ({
    kind: "delayed",
    delayMs: 2_000,
    answer: v4Success(call, sampleData(call)),
  })),
  fault(20_000_090_502, "Hanging: never answers", () => ({ kind: "hang" })),
  fault(20_000_090_503, "Drip: a good answer, one byte every 100 ms", (call) => ({
    kind: "drip",
    ...HEAD,
    body: text(call),
    chunkBytes: 1,
    pauseMs: 100,
  })),
  fault(20_000_090_504, "Reset before any byte", () => ({ kind: "reset" })),
  fault(20_000_090_505, "Cut half-way through the body", (call) => ({
    kind: "truncated",
    ...HEAD,
    body: text(call),
  })),
  ...[false, true].map((announced, index) =>
    fault(
      20_000_090_506 + index,
      announced ? "Oversized: content-length of 1 GiB" : "Oversized: 1 GiB in chunks, without a length",
      () => ({ kind: "flood", ...HEAD, row: FLOOD_ROW, bytes: FLOOD_BYTES, announced }),
    ),
  ),
];
