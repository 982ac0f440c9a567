/** Calls the endpoint of a simulator over HTTP and reads the response as loosely typed JSON. */
import type { Simulator } from "../../src/simulator/simulator.ts";

export type Fields = Record<string, unknown>;

/** What tests read from a body; which parts exist depends on the response. */
export interface ResponseBody {
  readonly data: {
    readonly finished: boolean;
    readonly job_instance: Fields;
    readonly step_instance_list: Fields[];
  };
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly data?: Fields;
    readonly details?: Fields[];
  };
  readonly job_request_id: string;
  readonly code: number;
  readonly code_name: string;
  readonly message: string;
}

export interface SimulatorResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed text. Throws if it is not JSON. */
  json(): ResponseBody;
}

export interface CallOptions {
  readonly job?: string;
  readonly scope?: string;
  /** Query parameters, which override the usual ones; undefined leaves one out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly path?: string;
  readonly signal?: AbortSignal;
}

export const DEMO_AUTHORIZATION = JSON.stringify({ access_token: "demo" });

/** The flags of both dialects, as sent by a client that does not know the dialect. */
export const BOTH_FLAGS = { return_ip_result: "true", return_execute_object_result: "true" };

/** Sends the request and leaves the body unread. */
export function send(simulator: Simulator, options: CallOptions): Promise<Response> {
  const [type, id] = (options.scope ?? "biz:1").split(":");
  const query = { bk_scope_type: type, bk_scope_id: id, job_instance_id: options.job, ...options.query };
  const search = new URLSearchParams(
    Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const path = options.path ?? "/api/v4/get_job_instance_status";
  return fetch(`${simulator.url}${path}?${search}`, {
    method: options.method ?? "GET",
    headers: { "x-bkapi-authorization": DEMO_AUTHORIZATION, ...options.headers },
    redirect: "manual",
    ...(options.signal && { signal: options.signal }),
  });
}

/** Sends the request and reads the whole response. */
export async function call(simulator: Simulator, options: CallOptions): Promise<SimulatorResponse> {
  const response = await send(simulator, options);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}

/** `data` with host lists. Fails the test unless the response is a success. */
export async function callForData(simulator: Simulator, options: CallOptions): Promise<ResponseBody["data"]> {
  const reply = await call(simulator, { ...options, query: { ...BOTH_FLAGS, ...options.query } });
  if (reply.status !== 200) throw new Error(`Expected HTTP 200, got ${reply.status}: ${reply.text}`);
  return reply.json().data;
}

/** The host list of a step, whatever its key; undefined when the step has none. */
export const rowsOf = (step: Fields | undefined): Fields[] | undefined =>
  (step?.step_ip_result_list ?? step?.step_execute_object_result_list) as Fields[] | undefined;

/** The values of one field in the order of the rows. */
export const column = (rows: readonly Fields[] | undefined, name: string): unknown[] =>
  (rows ?? []).map((row) => row[name]);
