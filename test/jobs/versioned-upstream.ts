/** An upstream with one job that has a new version at every call and responds when the test says so. */
import { createServer } from "node:http";
import { hostRow, jobBody, stepRow } from "../support/job-payload.ts";
import { useServer } from "../support/listen.ts";

interface VersionedCall {
  readonly version: number;
  readonly withHosts: boolean;
  /** The access token of the caller. */
  readonly token: string;
  /** Responds with the job, whose name is `v` and the version. */
  readonly answer: () => void;
  /** Responds with a body that violates the contract. */
  readonly fail: () => void;
  /** Responds with HTTP 503. */
  readonly becomeUnavailable: () => void;
  /** Responds with HTTP 403. */
  readonly deny: () => void;
  /** Whether the call waits for its response. */
  readonly isOpen: () => boolean;
}

export interface VersionedUpstream {
  readonly url: URL;
  /** Calls so far, in order. */
  readonly calls: VersionedCall[];
  /** Sets whether new calls wait until the test answers them. */
  readonly hold: (isHeld: boolean) => void;
  /** Sets whether the job is finished. */
  readonly finish: (isFinished: boolean) => void;
}

/** For one test, closed at the end of the test. */
export async function useVersionedUpstream(): Promise<VersionedUpstream> {
  const calls: VersionedCall[] = [];
  let isHeld = false;
  let isFinished = true;
  const server = createServer((request, response) => {
    const withHosts = request.url?.includes("return_ip_result=true") ?? false;
    const version = calls.length + 1;
    const send = (body: string, status = 200) =>
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    const call = {
      version,
      withHosts,
      token: JSON.parse(String(request.headers["x-bkapi-authorization"])).access_token as string,
      answer: () => void send(JSON.stringify(bodyOf(version, withHosts, isFinished))),
      fail: () => void send("[]"),
      becomeUnavailable: () => void send("", 503),
      deny: () => void send(JSON.stringify({ error: { code: "NO_PERMISSION", message: "权限不足" } }), 403),
      isOpen: () => !response.writableEnded && !response.closed,
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
