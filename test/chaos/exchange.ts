/** One HTTP request of a client that may be rude: half a body, gone before or during the response, or a slow reader. */
import { type IncomingMessage, request } from "node:http";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Run } from "./instances.ts";
import { pause, within } from "./pause.ts";

export type Manner = "polite" | "slowReader" | "halfBody" | "goneBefore" | "goneDuring";

export interface HttpRequest {
  readonly method: "GET" | "POST";
  /** Appended to the URL of the endpoint. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Exchange =
  | { readonly kind: "answered"; readonly status: number; readonly text: string }
  /** The client left by itself. */
  | { readonly kind: "vanished" }
  /** The connection failed. */
  | { readonly kind: "failed"; readonly reason: string }
  /** Neither a response nor the end of the connection in a long time. */
  | { readonly kind: "silent" };

/** Many times as long as all upstream calls of a request take. */
const MAX_RESPONSE_MS = 40_000;
const SLOW_READS = 5;
const SLOW_READ_MS = 100;
/** Until the request has arrived, and perhaps been answered. */
const PATIENCE_MS = 30;

export async function exchange(run: Run, http: HttpRequest, manner: Manner): Promise<Exchange> {
  const { method, path, headers, body } = http;
  const { promise, resolve } = Promise.withResolvers<Exchange>();
  const outgoing = request(`${run.url}${path}`, {
    method,
    agent: run.agent,
    headers: { ...headers, "content-length": Buffer.byteLength(body) },
  });
  const leave = () => {
    resolve({ kind: "vanished" });
    outgoing.destroy();
  };
  outgoing
    .on("error", (error: NodeJS.ErrnoException) => resolve(failure(error)))
    .on("response", (response) => {
      if (manner === "goneDuring") response.once("data", leave).once("close", leave);
      else read(response, manner === "slowReader").then(resolve, (error) => resolve(failure(error)));
    });
  if (manner === "halfBody")
    outgoing.write(body.slice(0, body.length / 2), () => void pause(PATIENCE_MS).then(leave));
  else outgoing.end(body);
  if (manner === "goneBefore") void pause(PATIENCE_MS).then(leave);
  const result = await within(MAX_RESPONSE_MS, promise);
  if (result) return result;
  outgoing.destroy();
  return { kind: "silent" };
}

const failure = ({ code, message }: NodeJS.ErrnoException): Exchange => ({
  kind: "failed",
  reason: code ?? message,
});

async function read(response: IncomingMessage, isSlow: boolean): Promise<Exchange> {
  let text = "";
  let pauses = isSlow ? SLOW_READS : 0;
  const isCompressed = response.headers["content-encoding"] === "gzip";
  // An error of either ends the loop below.
  const body = isCompressed ? pipeline(response, createGunzip(), () => {}) : response;
  for await (const chunk of body.setEncoding("utf8")) {
    text += chunk;
    if (pauses === 0) continue;
    pauses -= 1;
    await pause(SLOW_READ_MS);
  }
  return { kind: "answered", status: response.statusCode ?? 0, text };
}
