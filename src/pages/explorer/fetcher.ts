/**
 * How the explorer sends operations: queries by POST, subscriptions by server-sent events. Both send the headers of the
 * editor, and the cookies that the browser has for this gateway.
 */
import type { Fetcher } from "@graphiql/toolkit";
import { getOperationAST, parse } from "graphql";
import { createClient, NetworkError } from "graphql-sse";
import { GRAPHQL_URL, STREAM_URL } from "../common/gateway-url.ts";

type Request = Parameters<Fetcher>[0];
type Headers = Readonly<Record<string, string>>;

export const fetcher: Fetcher = (request, options) => {
  // The editor accepts any JSON.
  const headers = (options?.headers ?? {}) as Headers;
  return isSubscription(request) ? subscribe(request, headers) : query(request, headers);
};

/** Not by the document that GraphiQL has parsed, which can be older than the text. */
function isSubscription({ query, operationName }: Request): boolean {
  try {
    return getOperationAST(parse(query), operationName)?.operation === "subscription";
  } catch {
    // The gateway says what is wrong.
    return false;
  }
}

async function query(request: Request, headers: Headers) {
  const response = await fetch(GRAPHQL_URL, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(request),
  });
  return readResult(response);
}

/** Yields every state. The client reconnects when the gateway has restarted. */
async function* subscribe({ query, variables, operationName }: Request, headers: Headers) {
  const client = createClient({ url: STREAM_URL, headers: { ...headers } });
  try {
    yield* client.iterate({
      query,
      // GraphiQL has parsed them from JSON.
      ...(variables && { variables: variables as Record<string, unknown> }),
      ...(operationName && { operationName }),
    });
  } catch (error) {
    // The body says why the gateway has rejected the operation.
    if (error instanceof NetworkError && error.response instanceof Response) {
      yield await readResult(error.response);
    } else throw error;
  } finally {
    client.dispose();
  }
}

/** @throws if the response is not from the gateway, such as an error page of a proxy */
async function readResult(response: Response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`Expected JSON, got HTTP ${response.status}: ${text.slice(0, MAX_SHOWN_CHARACTERS)}`);
  }
}

const MAX_SHOWN_CHARACTERS = 300;
