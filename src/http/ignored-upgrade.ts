/** Requests that offer to upgrade to something that nobody here speaks, such as HTTP/2: every request of some clients. */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";

/** What makes the offer. */
const OFFER: ReadonlySet<string> = new Set(["connection", "upgrade", "http2-settings"]);

/**
 * Has the server take the request as one without the offer, which HTTP lets it ignore. For Node.js without
 * `shouldUpgradeCallback` (before 22.21, and 24.0 to 24.8), which cannot be told so: it has read the head of the request,
 * and left the connection. So it gets both once more.
 */
export function serveWithoutUpgrade(
  server: Server,
  { method, url, rawHeaders }: IncomingMessage,
  socket: Duplex,
  body: Buffer,
): void {
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = "", value = ""] = rawHeaders.slice(index, index + 2);
    if (!OFFER.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body]));
  server.emit("connection", socket);
}
