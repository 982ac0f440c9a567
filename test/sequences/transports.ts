/** Sends operations over all transports of the gateway. */
import { createHash } from "node:crypto";
import { type Client, createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { headersOf, type Identity } from "./identities.ts";
import type { Operation, Result } from "./reference.ts";

/** `apq`: by hash, then with the query if the hash is not known. */
export type Transport = "post" | "get" | "apq" | "webSocket" | "events" | "multipart";

export interface Request {
  readonly operation: Operation;
  readonly identity: Identity;
  readonly transport: Transport;
  /** `Accept` header of POST and GET requests; null for none. */
  readonly accept: string | null;
  readonly isFresh: boolean;
  /** Extensions in the format of Apollo Client. */
  readonly extensions: Readonly<Record<string, unknown>> | null;
}

export interface Answer {
  readonly result: Result;
  /** The content type of each HTTP response. */
  readonly contentTypes: readonly (string | null)[];
}

export interface Transports {
  readonly send: (request: Request) => Promise<Answer>;
  readonly close: () => Promise<void>;
}

export const MULTIPART = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0';

/** @param url of the GraphQL endpoint. */
export function createTransports(url: string): Transports {
  const sockets = new Map<Identity, Client>();

  const socketOf = (identity: Identity): Client => {
    const found = sockets.get(identity);
    if (found) return found;
    const client = createClient({
      url: url.replace("http", "ws"),
      webSocketImpl: WebSocket,
      connectionParams: headersOf(identity),
      retryAttempts: 0,
      // One connection for all operations of an identity.
      lazy: false,
      onNonLazyError: () => {},
    });
    sockets.set(identity, client);
    return client;
  };

  return {
    send: (request) => {
      switch (request.transport) {
        case "post":
          return sendPost(url, request, bodyOf(request));
        case "get":
          return sendGet(url, request);
        case "apq":
          return sendHash(url, request);
        case "events":
          return sendForEvents(url, request);
        case "multipart":
          return sendForParts(url, request);
        case "webSocket":
          return sendOverSocket(socketOf(request.identity), request.operation);
      }
    },
    close: async () => {
      await Promise.all([...sockets.values()].map((socket) => socket.dispose()));
    },
  };
}

const bodyOf = ({ operation, extensions }: Request): object => ({
  ...operation,
  ...(extensions && { extensions }),
});

const headersFor = ({ identity, accept, isFresh }: Request): Record<string, string> => ({
  "content-type": "application/json",
  ...headersOf(identity),
  ...(accept !== null && { accept }),
  ...(isFresh && { "cache-control": "no-cache" }),
});

async function sendPost(url: string, request: Request, body: object): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    headers: headersFor(request),
    body: JSON.stringify(body),
  });
  return read(response, await response.text());
}

async function sendGet(url: string, request: Request): Promise<Answer> {
  const entries = Object.entries(bodyOf(request)).map(([name, value]) => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const response = await fetch(`${url}?${new URLSearchParams(entries)}`, { headers: headersFor(request) });
  return read(response, await response.text());
}

async function sendHash(url: string, request: Request): Promise<Answer> {
  const { query, ...rest } = request.operation;
  const sha256Hash = createHash("sha256").update(query).digest("hex");
  const extensions = { ...request.extensions, persistedQuery: { version: 1, sha256Hash } };
  const first = await sendPost(url, request, { ...rest, extensions });
  if (first.result.errors?.[0]?.extensions?.code !== "PERSISTED_QUERY_NOT_FOUND") return first;
  const second = await sendPost(url, request, { query, ...rest, extensions });
  return { result: second.result, contentTypes: [...first.contentTypes, ...second.contentTypes] };
}

async function sendForEvents(url: string, request: Request): Promise<Answer> {
  const response = await fetch(`${url}/stream`, {
    method: "POST",
    headers: { ...headersFor(request), accept: "text/event-stream" },
    body: JSON.stringify(request.operation),
  });
  const text = await response.text();
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) return read(response, text);
  // Lines end only with line feeds; a regular expression would also match other line ends in strings.
  const events = text.split("\n\n").flatMap((event) => {
    const [name = "", data = ""] = event.split("\n");
    return name.startsWith("event: ") ? { name: name.slice(7), data: data.slice("data: ".length) } : [];
  });
  const [next, complete, ...others] = events;
  if (next?.name !== "next" || complete?.name !== "complete" || others.length > 0)
    throw new Error(`Expected one result and the end, got: ${text}`);
  return read(response, next.data);
}

async function sendForParts(url: string, request: Request): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { ...headersFor(request), accept: `${MULTIPART},application/json` },
    body: JSON.stringify(bodyOf(request)),
  });
  const text = await response.text();
  if (!response.headers.get("content-type")?.startsWith("multipart/mixed")) return read(response, text);
  // Parts are objects; a heartbeat is an empty object.
  const parts = text
    .split("\r\n")
    .filter((line) => line.startsWith("{"))
    .map((json) => JSON.parse(json) as { payload?: Result });
  const payloads = parts.flatMap(({ payload }) => payload ?? []);
  const [first, ...others] = payloads;
  if (!first || others.length > 0) throw new Error(`Expected one result and the end, got: ${text}`);
  return { result: first, contentTypes: [response.headers.get("content-type")] };
}

function read(response: Response, json: string): Answer {
  // The gateway's responses are GraphQL results.
  return { result: JSON.parse(json) as Result, contentTypes: [response.headers.get("content-type")] };
}

function sendOverSocket(client: Client, { query, variables, operationName }: Operation): Promise<Answer> {
  const payload = {
    query,
    ...(variables && { variables }),
    ...(operationName !== undefined && { operationName }),
  };
  return new Promise((resolve, reject) => {
    const results: Result[] = [];
    client.subscribe<unknown>(payload, {
      // Messages of the gateway are GraphQL results.
      next: (result) => void results.push(result as Result),
      error: (error) => {
        // A list of GraphQL errors is a response; other errors are not.
        if (Array.isArray(error)) resolve({ result: { errors: error }, contentTypes: [] });
        else reject(new Error(`The WebSocket failed: ${JSON.stringify(error)}`, { cause: error }));
      },
      complete: () => {
        const [result, ...others] = results;
        if (result && others.length === 0) resolve({ result, contentTypes: [] });
        else reject(new Error(`Expected one result and the end, got ${results.length} results.`));
      },
    });
  });
}
