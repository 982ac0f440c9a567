/** A bk-job deployment behind a BlueKing API Gateway, small enough to start in a test: real HTTP, made-up jobs. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Answer } from "./answer.ts";
import type { SimulatedRequest } from "./call.ts";
import { answerRequest } from "./endpoint.ts";
import { apiGatewayError } from "./envelopes.ts";
import { createJobDirectory } from "./job-directory.ts";
import type { Dialect } from "./render.ts";
import { sendAnswer } from "./send-answer.ts";

export type { SimulatedRequest } from "./call.ts";
export type { Dialect } from "./render.ts";

export interface SimulatorOptions {
  /** Which form of the endpoint it speaks. */
  dialect?: Dialect;
  host?: string;
  /** 0 = any free port. */
  port?: number;
  /** Clock in ms since the epoch. */
  now?: () => number;
  /** How long the progressing job takes. */
  runDurationMs?: number;
  /** Keeps requests in `requests`; off by default, so that long runs stay bounded. */
  recordRequests?: boolean;
}

export interface Simulator {
  /** Base URL up to, not including, `/api/v4/…`. */
  readonly url: string;
  /** Calls of the endpoint, when recorded. */
  readonly requests: SimulatedRequest[];
  /**
   * Replaces the answer for one job instance id, whatever scope and credentials the request has. The
   * function sees the request; when it returns undefined, the built-in answer is given.
   */
  script(jobInstanceId: string, answer: (request: SimulatedRequest) => Answer | undefined): void;
  /** Stops listening and ends hanging and keep-alive connections at once. */
  close(): Promise<void>;
}

/** What an API Gateway puts before the paths of bk-job's production stage. */
const BASE_PATH = "/api/bk-job/prod";
const ENDPOINT_PATH = `${BASE_PATH}/api/v4/get_job_instance_status`;

/** Starts a simulator. Rejects when the port cannot be listened on. */
export async function createSimulator({
  dialect = "release",
  host = "127.0.0.1",
  port = 0,
  now = Date.now,
  runDurationMs = 30_000,
  recordRequests = false,
}: SimulatorOptions = {}): Promise<Simulator> {
  const jobs = createJobDirectory({ runDurationMs });
  const scripts = new Map<string, (request: SimulatedRequest) => Answer | undefined>();
  const requests: SimulatedRequest[] = [];

  const answer = (request: SimulatedRequest): Answer => {
    if (request.path !== ENDPOINT_PATH) return apiNotFound(request);
    if (recordRequests) requests.push(request);
    const scripted = scripts.get(request.query.job_instance_id ?? "");
    return scripted?.(request) ?? answerRequest(request, dialect, jobs);
  };

  const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    // A body has no meaning here; it is read so that the connection can be used again.
    request.resume();
    const serve = async () => sendAnswer(answer(readRequest(request, now())), request, response);
    // A script that throws or has an impossible answer, such as an invalid header: nothing sensible can be sent.
    serve().catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  });

  // The address is an object for a TCP server that is listening.
  const { port: actualPort } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${actualPort}${BASE_PATH}`,
    requests,
    script: (jobInstanceId, script) => scripts.set(jobInstanceId, script),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function readRequest({ method = "", url = "", headers }: IncomingMessage, at: number): SimulatedRequest {
  const [path = "", search = ""] = url.split("?", 2);
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(search)) query[name] ??= value;
  return { method, path, query, headers, at };
}

const apiNotFound = ({ method, path }: SimulatedRequest): Answer =>
  apiGatewayError({
    status: 404,
    code: 1640401,
    codeName: "API_NOT_FOUND",
    message: `API not found [method="${method}" path="${path}"]`,
  });
