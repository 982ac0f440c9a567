/** Operations on jobs of business 1, and one way to send an operation to a gateway and read the response. */
import { expect } from "vitest";

export const AUTHORIZATION = '{"access_token":"demo"}';

export interface GraphQLResponse {
  readonly status: number;
  readonly headers: Headers;
  // Each test knows the shape that it selects.
  // biome-ignore lint/suspicious/noExplicitAny: results are as varied as queries
  readonly data: any;
  readonly errors?: readonly {
    message: string;
    path?: (string | number)[];
    extensions: { code: string; retryAfterMs?: number; upstream?: Record<string, unknown> };
  }[];
}

/** What `ask` sends as JSON. The fields are unknown because tests send invalid requests, too. */
export interface AskBody {
  readonly query?: unknown;
  readonly variables?: unknown;
  readonly operationName?: unknown;
  readonly extensions?: unknown;
}

/** Sends headers as fetch does; a header with the value undefined is left out. */
export type AskHeaders = Readonly<Record<string, string | undefined>>;

/** Sends a POST request to the gateway with the GraphQL endpoint `url`. A body given as a string is sent as it is. */
export async function ask(
  url: string,
  body: AskBody | string,
  headers: AskHeaders = {},
  signal?: AbortSignal,
): Promise<GraphQLResponse> {
  const response = await postOperation(url, body, headers, signal);
  // The gateway's responses are GraphQL results.
  const result = (await response.json()) as Pick<GraphQLResponse, "data" | "errors">;
  return { status: response.status, headers: response.headers, ...result };
}

/** The request of `ask`, whose response the caller reads. */
export const postOperation = (
  url: string,
  body: AskBody | string,
  headers: AskHeaders = {},
  signal?: AbortSignal,
): Promise<Response> => {
  const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...Object.fromEntries(given) },
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...(signal && { signal }),
  });
};

/** The argument that refers to a job; an id that begins with `$` is a variable. */
export const ref = (id: string): string =>
  `ref: { scopeId: "1", jobInstanceId: ${id.startsWith("$") ? id : JSON.stringify(id)} }`;

/** The field of a job, with a selection on its result. */
export const jobField = (id: string, selection = "__typename"): string =>
  `jobInstance(${ref(id)}) { ${selection} }`;

/** A query for one job. */
export const jobQuery = (id: string, selection?: string): string => `{ ${jobField(id, selection)} }`;

/** A subscription to one job. */
export const jobSubscription = (id: string, selection = "__typename"): string =>
  `subscription { jobInstanceUpdated(${ref(id)}) { ${selection} } }`;

/** A selection on the job itself, not on the other outcomes. */
export const onJob = (selection: string): string => `... on JobInstance { ${selection} }`;

/** A gateway that operations can be sent to. */
interface Askable {
  readonly ask: (
    query: string,
    variables?: Record<string, unknown>,
    headers?: AskHeaders,
  ) => Promise<GraphQLResponse>;
}

/** Queries a job in English, without host results. */
export const queryJob = (gateway: Askable, id = "100", headers: AskHeaders = {}): Promise<GraphQLResponse> =>
  gateway.ask(
    jobQuery(id, `__typename ${onJob("jobInstanceId name")} ... on Problem { message }`),
    {},
    { "accept-language": "en", ...headers },
  );

/** The job with a selection on it. Fails the test if the response has an error. */
export async function readJob(gateway: Askable, id: string, selection: string) {
  const { data, errors } = await gateway.ask(jobQuery(id, onJob(selection)));
  expect(errors).toBeUndefined();
  return data.jobInstance;
}

/** The only error of a response. Fails the test if there is none, or more than one. */
export function onlyError({ errors = [] }: GraphQLResponse) {
  const [error, ...others] = errors;
  if (error === undefined || others.length > 0) throw new Error(`Expected one error, got ${errors.length}.`);
  return error;
}
