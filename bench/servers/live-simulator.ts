/**
 * The upstream of the live part: the project's simulator with jobs that keep changing. It sends
 * `{url}` to its parent when it listens, and answers each message with the `UpstreamCalls` since the previous one.
 */
import type { SimulatedRequest } from "../../src/simulator/call.ts";
import { DIALECT_NAMES } from "../../src/simulator/render.ts";
import { createSimulator } from "../../src/simulator/simulator.ts";
import type { UpstreamCalls } from "../load/live.ts";
import { createLiveResponses, LARGE_LIVE_JOB, type LiveJob, SMALL_LIVE_JOB } from "./live-job.ts";

const noCalls = () => ({ first: 0, repeated: 0, checks: 0, firstSentAt: new Map<number, number>() });

const simulator = await createSimulator();
const known = new Set<string>();
let calls = noCalls();

/** Only polls and first calls request hosts here; permission checks do not. */
function count({ headers }: SimulatedRequest, wantsRows: boolean, change: number): void {
  const credentials = String(headers["x-bkapi-authorization"]);
  if (!wantsRows) calls.checks += 1;
  else if (known.has(credentials)) calls.repeated += 1;
  else calls.first += 1;
  known.add(credentials);
  if (wantsRows && !calls.firstSentAt.has(change)) calls.firstSentAt.set(change, Date.now());
}

function script(job: LiveJob): void {
  const startedAt = Date.now();
  const answer = createLiveResponses(job, startedAt);
  simulator.script(job.id, (request) => {
    const wantsRows = request.query[DIALECT_NAMES.release.flag] === "true";
    const change = Math.floor((request.at - startedAt) / job.changeEveryMs);
    count(request, wantsRows, change);
    return answer(change, wantsRows);
  });
}

for (const job of [SMALL_LIVE_JOB, LARGE_LIVE_JOB]) script(job);

process.on("message", () => {
  const { firstSentAt, ...counts } = calls;
  process.send?.({ ...counts, firstSentAt: [...firstSentAt] } satisfies UpstreamCalls);
  calls = noCalls();
});
process.on("disconnect", () => process.exit(0));
process.send?.({ url: simulator.url });
