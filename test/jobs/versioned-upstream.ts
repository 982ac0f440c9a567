/** An upstream with one job, in a new version at every call, that answers when a test says so. */
import { createServer } from "node:http";
import { hostRow, jobBody, stepRow } from "../support/job-payload.ts";
import { useServer } from "../support/listen.ts";

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
      answer: () => void send(JSON.stringify(bodyOf(version, withHosts, isFinished))),
      fail: () => void send("[]"),
    };
    calls.push(call);
    if (!isHeld) call.answer();
  });
  const port = await useServer(server);
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

const bodyOf = (version: number, withHosts: boolean, isFinished: boolean) =>
  jobBody({
    finished: isFinished,
    fields: { job_instance_id: 100, name: `v${version}`, status: isFinished ? 3 : 2 },
    steps: [stepRow(withHosts ? { step_ip_result_list: [hostRow(1)] } : {})],
  });
