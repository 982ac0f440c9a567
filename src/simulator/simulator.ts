/** Simulates a bk-job deployment behind a BlueKing API Gateway: a real HTTP server with simulated jobs. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { SimulatedRequest } from "./call.ts";
import { respondToRequest } from "./endpoint.ts";
import { apiGatewayError } from "./envelopes.ts";
import { createJobDirectory } from "./job-directory.ts";
import type { Dialect } from "./render.ts";
import type { SimulatedResponse } from "./response.ts";
import { sendResponse } from "./send-response.ts";

export type { SimulatedRequest } from "./call.ts";
export { DEMO_JOBS } from "./demo-jobs.ts";
export type { Dialect } from "./render.ts";

export interface SimulatorOptions {
  /** Form of the endpoint. */
  dialect?: Dialect;
  host?: string;
  /** 0 means any free port. */
  port?: number;
  /** Clock, in milliseconds since the epoch. */
  now?: () => number;
  /** Duration of one run of the progressing job. */
  runDurationMs?: number;
  /** Whether requests are recorded in `requests`, which grows without limit. Default: false */
  recordRequests?: boolean;
}

export interface Simulator {
  /** Base URL without `/api/v4/…`. */
  readonly url: string;
  /** Requests to the endpoint, if recorded. */
  readonly requests: SimulatedRequest[];
  /**
   * Replaces the response for one job instance id in any scope and with any credentials. If `respond` returns
   * undefined, the built-in response is sent.
   */
  script(jobInstanceId: string, respond: (request: SimulatedRequest) => SimulatedResponse | undefined): void;
  /** Stops listening and closes all connections immediately. */
  close(): Promise<void>;
}

/** Path prefix of the API Gateway for bk-job's production stage. */
const BASE_PATH = "/api/bk-job/prod";
const ENDPOINT_PATH = `${BASE_PATH}/api/v4/get_job_instance_status`;

/** Starts a simulator. Rejects if it cannot listen on the port. */
export async function createSimulator({
  dialect = "release",
  host = "127.0.0.1",
  port = 0,
  now = Date.now,
  runDurationMs = 30_000,
  recordRequests = false,
}: SimulatorOptions = {}): Promise<Simulator> {
  const jobs = createJobDirectory({ runDurationMs });
  const scripts = new Map<string, (request: SimulatedRequest) => SimulatedResponse | undefined>();
  const requests: SimulatedRequest[] = [];

  const respondTo = (request: SimulatedRequest): SimulatedResponse => {
    if (request.path !== ENDPOINT_PATH) return apiNotFound(request);
    if (recordRequests) requests.push(request);
    const scripted = scripts.get(request.query.job_instance_id ?? "");
    return scripted?.(request) ?? respondToRequest(request, dialect, jobs);
  };

  const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    // The body is ignored, but must be read so that the connection can be reused.
    request.resume();
    const serve = async () => sendResponse(respondTo(readRequest(request, now())), request, response);
    // A script can throw, or return a response that cannot be sent, such as one with an invalid header.
    serve().catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  });

  // The address of a listening TCP server is an object.
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

const apiNotFound = ({ method, path }: SimulatedRequest): SimulatedResponse =>
  apiGatewayError({
    status: 404,
    code: 1640401,
    codeName: "API_NOT_FOUND",
    message: `API not found [method="${method}" path="${path}"]`,
  });
