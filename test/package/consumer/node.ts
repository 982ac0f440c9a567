/**
 * A project that uses the package in Node.js. `package.test.ts` compiles it against the installed package, and runs it:
 * `node node.js <task> <jobInstanceId>` prints one line for each result or event.
 */
import {
  createJobClient,
  FailedHostsDocument,
  JobClientError,
  type JobInstanceRef,
} from "bk-job-graphql/client";
import type { HostStatus } from "bk-job-graphql/schema";

const [task, jobInstanceId = ""] = process.argv.slice(2);
const client = createJobClient({
  url: process.env.GATEWAY_URL ?? "",
  headers: { "x-bkapi-authorization": process.env.AUTHORIZATION ?? "" },
  reconnect: { firstDelayMs: 20, maxDelayMs: 100 },
});
const ref: JobInstanceRef = { scopeId: "1", jobInstanceId };

async function query(): Promise<void> {
  const job = await client.jobInstance(ref, FailedHostsDocument, { variables: { first: 2 } });
  if (job.__typename !== "JobInstance") throw new Error(job.message);
  for (const { hostResults } of job.steps) {
    for (const host of hostResults.nodes) {
      const status: HostStatus = host.status;
      const exitCode: number | null = host.exitCode;
      console.log(`${host.ip} ${status} ${exitCode}`);
      // @ts-expect-error There is no such field.
      const misspelled = host.exit_code;
      if (misspelled !== undefined) throw new Error("Expected no such field.");
    }
  }
}

async function queryWithMistake(): Promise<void> {
  try {
    // @ts-expect-error The variable is a number.
    await client.jobInstance(ref, FailedHostsDocument, { variables: { first: "2" } });
  } catch (error) {
    if (error instanceof JobClientError) console.log(error.code);
  }
}

async function watch(): Promise<void> {
  for await (const event of client.watch(ref)) {
    if (event.kind === "lost") console.log("lost");
    else console.log(event.state.__typename === "JobInstance" ? event.state.status : event.state.message);
  }
}

async function wait(): Promise<void> {
  const job = await client.waitUntilFinished(ref, { onProgress: ({ kind }) => console.log(kind) });
  console.log(job.__typename === "JobInstance" ? job.status : job.message);
}

const TASKS: Readonly<Record<string, () => Promise<void>>> = { query, queryWithMistake, watch, wait };

await TASKS[task ?? ""]?.();
