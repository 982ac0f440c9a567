/** The load generator's process: one `Load` per message in, one `LoadResult` out. */
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "undici";
import { bulkJobId } from "../../src/simulator/bulk-jobs.ts";
import type { Load, LoadResult } from "./load.ts";

const HEADERS = {
  "content-type": "application/json",
  accept: "application/json",
  "x-bkapi-authorization": '{"access_token":"demo"}',
};
/** Number of serial numbers of bulk job ids. */
const SERIALS = 10_000;
/** Responses only differ in the length of ids. */
const TOLERANCE = 0.01;
/** Compressed sizes differ more. */
const COMPRESSED_TOLERANCE = 0.1;

/** Sends one request and reads the response. @throws Error when it is not as expected. */
async function ask(client: Client, body: string, { expected, acceptEncoding }: Load): Promise<void> {
  const headers = acceptEncoding === null ? HEADERS : { ...HEADERS, "accept-encoding": acceptEncoding };
  const response = await client.request({ method: "POST", path: "/graphql", headers, body });
  let start = "";
  let bytes = 0;
  for await (const chunk of response.body) {
    if (start.length < 200) start += chunk.subarray(0, 200).toString();
    bytes += chunk.length;
  }
  const tolerance = acceptEncoding === null ? TOLERANCE : COMPRESSED_TOLERANCE;
  const isLike =
    response.statusCode === 200 &&
    start.startsWith(expected.start ?? "") &&
    Math.abs(bytes - expected.bytes) <= expected.bytes * tolerance + 20;
  if (isLike) return;
  throw new Error(
    `Expected HTTP 200 and about ${expected.bytes} bytes, got HTTP ${response.statusCode} and ${bytes}: ${start.slice(0, 200)}`,
  );
}

async function run(load: Load): Promise<LoadResult> {
  const { origin, body, jobs, connections, requests, maxMs, intervalMs } = load;
  const latencies: number[] = [];
  let sent = 0;
  let failure: string | null = null;
  const begin = performance.now();
  const goesOn = () => failure === null && sent < requests && performance.now() - begin < maxMs;

  const connection = async () => {
    const client = new Client(origin);
    while (goesOn()) {
      const serial = (jobs.from + (jobs.same ? 0 : sent)) % SERIALS;
      sent += 1;
      const text = `${body[0]}${bulkJobId(jobs.hosts, serial, jobs.rows)}${body[1]}`;
      const start = performance.now();
      await ask(client, text, load).catch((error: Error) => {
        failure ??= error.message;
      });
      const took = performance.now() - start;
      latencies.push(took);
      if (intervalMs > took) await sleep(intervalMs - took);
    }
    await client.close();
  };
  await Promise.all(Array.from({ length: connections }, connection));

  const wallMs = performance.now() - begin;
  latencies.sort((a, b) => a - b);
  const percentile = (part: number) => latencies[Math.ceil(latencies.length * part) - 1] ?? 0;
  const latencyMs = { p50: percentile(0.5), p99: percentile(0.99), max: percentile(1) };
  return { requests: latencies.length, wallMs, latencyMs, failure };
}

process.on("message", (load: Load) => {
  run(load).then((result) => process.send?.(result));
});
process.on("disconnect", () => process.exit(0));
