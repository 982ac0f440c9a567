/** Asks a simulator for a job instance, as a client would: real HTTP, loosely typed answers. */
import type { Simulator } from "../../src/simulator/simulator.ts";

export type Fields = Record<string, unknown>;

/** What the tests look at in a body; which parts are there depends on the answer. */
export interface Body {
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

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed text; throws when it is no JSON. */
  json(): Body;
}

export interface Question {
  readonly job?: string;
  readonly scope?: string;
  /** Further query parameters, or others in place of the usual ones; undefined leaves one out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly path?: string;
  readonly signal?: AbortSignal;
}

export const DEMO_AUTHORIZATION = JSON.stringify({ access_token: "demo" });

/** Flags of both dialects, as a client sends them that does not know which it talks to. */
export const BOTH_FLAGS = { return_ip_result: "true", return_execute_object_result: "true" };

/** Sends the request and leaves the body unread. */
export function request(simulator: Simulator, question: Question): Promise<Response> {
  const [type, id] = (question.scope ?? "biz:1").split(":");
  const query = { bk_scope_type: type, bk_scope_id: id, job_instance_id: question.job, ...question.query };
  const search = new URLSearchParams(
    Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const path = question.path ?? "/api/v4/get_job_instance_status";
  return fetch(`${simulator.url}${path}?${search}`, {
    method: question.method ?? "GET",
    headers: { "x-bkapi-authorization": DEMO_AUTHORIZATION, ...question.headers },
    redirect: "manual",
    ...(question.signal && { signal: question.signal }),
  });
}

/** Sends the request and reads the whole answer. */
export async function ask(simulator: Simulator, question: Question): Promise<Reply> {
  const response = await request(simulator, question);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}

/** `data` with host lists; fails the test when the answer is not a success. */
export async function askData(simulator: Simulator, question: Question): Promise<Body["data"]> {
  const reply = await ask(simulator, { ...question, query: { ...BOTH_FLAGS, ...question.query } });
  if (reply.status !== 200) throw new Error(`expected HTTP 200, got ${reply.status}: ${reply.text}`);
  return reply.json().data;
}

/** The host list of a step, whatever its key; undefined when the step has none. */
export const rowsOf = (step: Fields | undefined): Fields[] | undefined =>
  (step?.step_ip_result_list ?? step?.step_execute_object_result_list) as Fields[] | undefined;

/** The values of one field in the order of the rows. */
export const column = (rows: readonly Fields[] | undefined, name: string): unknown[] =>
  (rows ?? []).map((row) => row[name]);
