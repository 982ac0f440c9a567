/** An upstream that speaks raw TCP: for responses, and ends of connections, that no HTTP server makes. */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface RawCall {
  /** To answer on. */
  readonly socket: Socket;
  /** The head of the request. */
  readonly head: string;
  /** Number of the connection, and of the request on it, from 1 on. */
  readonly connection: number;
  readonly request: number;
}

export interface RawUpstream {
  /** Base URL of the endpoint. */
  readonly url: URL;
  /** All requests so far, as `connection.request`. */
  readonly calls: readonly string[];
}

/** For one test, closed when the test is over. `answer` is called for each request, none of which has a body. */
export async function useRawUpstream(answer: (call: RawCall) => void): Promise<RawUpstream> {
  const calls: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const connection = sockets.size;
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
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  // The address is an object for a TCP server that is listening.
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}/api/bk-job/prod`), calls };
}

/** The body of "no such job" with `message`. */
export const notFoundBody = (message: string): string =>
  JSON.stringify({ error: { code: "NOT_FOUND", message } });

/** A whole response, head and body. */
export function response(
  body: string | Buffer,
  { status = 404, headers = "" }: { readonly status?: number; readonly headers?: string } = {},
): Buffer {
  const bytes = Buffer.from(body);
  const head = `HTTP/1.1 ${status} X\r\ncontent-type: application/json\r\ncontent-length: ${bytes.length}\r\n${headers}\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}
