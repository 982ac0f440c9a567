/** An upstream that speaks raw TCP, for responses and closed connections that an HTTP server cannot produce. */
import { createServer, type Socket } from "node:net";
import { useServer } from "./listen.ts";

export interface RawCall {
  /** The connection, to write the response to. */
  readonly socket: Socket;
  /** The head of the request. */
  readonly head: string;
  /** Number of the connection and of the request on it, from 1. */
  readonly connection: number;
  readonly request: number;
}

export interface RawUpstream {
  /** Base URL of the endpoint. */
  readonly url: URL;
  /** All requests so far, as `connection.request`. */
  readonly calls: readonly string[];
}

/** For one test, closed at the end of the test. `answer` is called for each request; requests have no body. */
export async function useRawUpstream(answer: (call: RawCall) => void): Promise<RawUpstream> {
  const calls: string[] = [];
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    const connection = connections;
    let [request, received] = [0, ""];
    socket
      .on("error", () => {})
      .on("data", (bytes) => {
        received += bytes.toString("latin1");
        for (let end = received.indexOf("\r\n\r\n"); end >= 0; end = received.indexOf("\r\n\r\n")) {
          const head = received.slice(0, end);
          received = received.slice(end + 4);
          request += 1;
          calls.push(`${connection}.${request}`);
          answer({ socket, head, connection, request });
        }
      });
  });
  const port = await useServer(server);
  return { url: new URL(`http://127.0.0.1:${port}/api/bk-job/prod`), calls };
}

/** The body of a "not found" response with `message`. */
export const notFoundBody = (message: string): string =>
  JSON.stringify({ error: { code: "NOT_FOUND", message } });

/** A complete response with head and body. */
export function response(
  body: string | Buffer,
  { status = 404, headers = "" }: { readonly status?: number; readonly headers?: string } = {},
): Buffer {
  const bytes = Buffer.from(body);
  const head = `HTTP/1.1 ${status} X\r\ncontent-type: application/json\r\ncontent-length: ${bytes.length}\r\n${headers}\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}
