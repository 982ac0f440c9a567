/** A forward proxy that supports CONNECT and requests in absolute form. */
import { createServer, request } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { useServer } from "./listen.ts";

export interface Proxy {
  readonly url: string;
  /** Request lines, such as `CONNECT bkapi.example.com:443` or `GET http://job.example.com/…`. */
  readonly requests: readonly string[];
  /** `Proxy-Authorization` of each. */
  readonly authorizations: readonly (string | undefined)[];
  /** Maximum number of connections open at the same time. */
  readonly peak: () => number;
  /** Closes all connections. */
  readonly closeTunnels: () => void;
}

/** For one test, closed at the end of the test. Connects to `port` of this machine, whatever host is requested. */
export async function useProxy(port: number, refusal?: { readonly status: number }): Promise<Proxy> {
  const requests: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<Duplex>();
  let peak = 0;
  const note = (
    method: string | undefined,
    target: string | undefined,
    authorization: string | undefined,
  ) => {
    requests.push(`${method} ${target}`);
    authorizations.push(authorization);
  };
  const server = createServer((incoming, outgoing) => {
    note(incoming.method, incoming.url, incoming.headers["proxy-authorization"]);
    if (refusal) return outgoing.writeHead(refusal.status).end();
    const { pathname, search } = new URL(incoming.url ?? "");
    const { "proxy-authorization": _, ...headers } = incoming.headers;
    request({ port, host: "127.0.0.1", path: pathname + search, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(outgoing);
    }).end();
    return outgoing;
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    peak = Math.max(peak, sockets.size);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  server.on("connect", (incoming, socket: Duplex) => {
    note("CONNECT", incoming.url, incoming.headers["proxy-authorization"]);
    if (refusal) return socket.end(`HTTP/1.1 ${refusal.status} X\r\ncontent-length: 0\r\n\r\n`);
    const upstream = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => {}).on("close", () => upstream.destroy());
    return socket;
  });
  const closeTunnels = () => {
    for (const socket of sockets) socket.destroy();
  };
  const proxyPort = await useServer(server);
  return { url: `http://127.0.0.1:${proxyPort}`, requests, authorizations, peak: () => peak, closeTunnels };
}
