/** An upstream with one job, in a new version at every call, that answers when a test says so. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { hostRow, step } from "../graphql/scripted-job.ts";

interface VersionedCall {
  readonly version: number;
  readonly withHosts: boolean;
  /** Answers with the job, named `v` and the version. */
  readonly answer: () => void;
  /** Answers with a body that breaks the contract. */
  readonly fail: () => void;
}

export interface VersionedUpstream {
  readonly url: URL;
  /** Calls so far, in the order in which they came. */
  readonly calls: VersionedCall[];
  /** Whether calls that come from now on wait until the test answers them. */
  readonly hold: (isHeld: boolean) => void;
  /** Whether the job is finished from now on. */
  readonly finish: (isFinished: boolean) => void;
}

/** For one test, closed when the test is over. */
export async function useVersionedUpstream(): Promise<VersionedUpstream> {
  const calls: VersionedCall[] = [];
  let isHeld = false;
  let isFinished = true;
  const server = createServer((request, response) => {
    const withHosts = request.url?.includes("return_ip_result=true") ?? false;
    const version = calls.length + 1;
    const send = (body: string) => response.writeHead(200, { "content-type": "application/json" }).end(body);
    const call = {
      version,
      withHosts,
      answer: () => void send(JSON.stringify(jobOf(version, withHosts, isFinished))),
      fail: () => void send("[]"),
    };
    calls.push(call);
    if (!isHeld) call.answer();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  // The address is an object for a TCP server that is listening.
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    calls,
    hold: (held) => {
      isHeld = held;
    },
    finish: (finished) => {
      isFinished = finished;
    },
  };
}

const jobOf = (version: number, withHosts: boolean, isFinished: boolean) => ({
  data: {
    finished: isFinished,
    job_instance: {
      job_instance_id: 100,
      bk_scope_type: "biz",
      bk_scope_id: "1",
      name: `v${version}`,
      status: isFinished ? 3 : 2,
      create_time: Date.UTC(2026, 0, 1),
    },
    step_instance_list: [step(withHosts ? { step_ip_result_list: [hostRow(1)] } : {})],
  },
});
