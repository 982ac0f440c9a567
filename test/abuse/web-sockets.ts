/** Hostile WebSockets: handshakes, frames and messages. */
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { WebSocket } from "ws";
import { type Attack, byBytes, head, many, type Target } from "./attack.ts";

const PROTOCOL = "graphql-transport-ws";

const handshake = (headers: Record<string, string> = {}) =>
  head("GET /graphql", {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": randomBytes(16).toString("base64"),
    "sec-websocket-protocol": PROTOCOL,
    ...headers,
  });

interface FrameOptions {
  readonly fin?: boolean;
  /** Bits that only extensions use. */
  readonly reserved?: number;
  readonly isMasked?: boolean;
  /** Instead of the length of the payload. */
  readonly length?: bigint;
}

const [CONTINUATION, TEXT, BINARY, CLOSE, PING] = [0, 1, 2, 8, 9];

function frame(
  opcode: number,
  payload: string | Buffer,
  { fin = true, reserved = 0, isMasked = true, length }: FrameOptions = {},
): Buffer {
  const bytes = Buffer.from(payload);
  const size = length ?? BigInt(bytes.length);
  const mask = isMasked ? 0x80 : 0;
  const start = Buffer.alloc(size < 126n ? 2 : size < 65_536n ? 4 : 10);
  start[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  start[1] = mask | (size < 126n ? Number(size) : size < 65_536n ? 126 : 127);
  if (start.length === 4) start.writeUInt16BE(Number(size), 2);
  if (start.length === 10) start.writeBigUInt64BE(size, 2);
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([start, isMasked ? Buffer.alloc(4) : Buffer.alloc(0), bytes]);
}

/** Sends raw frames after a handshake. @returns the code of the close frame. */
async function sendFrames({ host, port }: Target, frames: readonly Buffer[]): Promise<string> {
  const socket = connect({ host, port });
  const chunks: Buffer[] = [];
  const code = new Promise<string>((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      const found = closeCodeIn(Buffer.concat(chunks));
      if (found !== null) resolve(found);
    });
    socket.on("error", () => {});
    socket.once("close", () => resolve("closed"));
  });
  socket.write(handshake());
  for (const each of frames) socket.write(each);
  const result = await code;
  socket.destroy();
  return result;
}

/** The code of the close frame in the bytes from a server, or null. Its payload begins with the code, if there is one. */
function closeCodeIn(bytes: Buffer): string | null {
  const end = bytes.indexOf("\r\n\r\n");
  for (let at = end + 4; end >= 0 && at + 1 < bytes.length; ) {
    const [opcode = 0, size = 0] = bytes.subarray(at);
    const isClose = (opcode & 0xf) === CLOSE;
    if (isClose && size === 0) return "no code";
    if (isClose) return at + 3 < bytes.length ? String(bytes.readUInt16BE(at + 2)) : null;
    if (size === 126 && at + 3 >= bytes.length) return null;
    at += size === 126 ? 4 + bytes.readUInt16BE(at + 2) : 2 + size;
  }
  return null;
}

const byFrames = (
  entries: readonly (readonly [name: string, frames: () => readonly Buffer[], expected: string])[],
): readonly Attack[] =>
  entries.map(([name, frames, expected]) => ({
    name: `a WebSocket with ${name}`,
    expected,
    run: (target) => sendFrames(target, frames()),
  }));

const INIT = '{"type":"connection_init"}';
const text = (...messages: readonly string[]) => messages.map((each) => frame(TEXT, each));

const FRAMES: readonly Attack[] = byFrames([
  ["a message of 2 MB", () => text("x".repeat(2_000_000)), "1009"],
  ["a frame of 2⁶² bytes", () => [frame(TEXT, "", { length: 2n ** 62n })], "1009"],
  [
    "2 MB in fragments of 1 kB",
    () => [
      frame(TEXT, "x", { fin: false }),
      ...Array.from({ length: 2_000 }, () => frame(CONTINUATION, "x".repeat(1_000), { fin: false })),
    ],
    "1009",
  ],
  [
    "100 000 fragments of a byte",
    () => [
      frame(TEXT, "x", { fin: false }),
      Buffer.concat(Array.from({ length: 100_000 }, () => frame(CONTINUATION, "x", { fin: false }))),
      frame(CONTINUATION, "x"),
    ],
    "1008",
  ],
  [
    "100 000 empty fragments",
    () => [
      frame(TEXT, "x", { fin: false }),
      Buffer.concat(Array.from({ length: 100_000 }, () => frame(CONTINUATION, "", { fin: false }))),
      frame(CONTINUATION, "x"),
    ],
    "1008",
  ],
  ["a fragment without a beginning", () => [frame(CONTINUATION, "x")], "1002"],
  ["a frame without a mask", () => [frame(TEXT, INIT, { isMasked: false })], "1002"],
  ["reserved bits", () => [frame(TEXT, INIT, { reserved: 7 })], "1002"],
  ["an unknown opcode", () => [frame(7, "x")], "1002"],
  ["a ping of 1 kB", () => [frame(PING, "x".repeat(1_000))], "1002"],
  ["a fragmented ping", () => [frame(PING, "x", { fin: false })], "1002"],
  ["an invalid close code", () => [frame(CLOSE, Buffer.from([0, 1]))], "1002"],
  ["invalid UTF-8", () => [frame(TEXT, Buffer.from([0xff, 0xfe]))], "1007"],
  ["a binary message", () => [frame(BINARY, Buffer.from([1, 2, 3]))], "4400"],
  ["JSON nested 100 000 levels", () => text("[".repeat(100_000) + "]".repeat(100_000)), "4400"],
  ["text", () => text("hello"), "4400"],
  ["__proto__ as a message", () => text('{"__proto__":{"type":"connection_init"}}'), "4400"],
  ["a payload that is a list", () => text('{"type":"connection_init","payload":[1]}'), "4400"],
  [
    "an operation before connection_init",
    () => text('{"id":"1","type":"subscribe","payload":{"query":"{__typename}"}}'),
    "4401",
  ],
  [
    "connection_init 10 000 times",
    () => [Buffer.concat(text(...Array.from({ length: 10_000 }, () => INIT)))],
    "4429",
  ],
  ["nothing", () => [], "4408"],
  [
    "20 000 pings and a close",
    () => [Buffer.concat([...Array.from({ length: 20_000 }, () => frame(PING, "x")), frame(CLOSE, "")])],
    "no code",
  ],
  [
    "an unknown message after 20 000 messages of type ping",
    () => [Buffer.concat(text(INIT, ...Array.from({ length: 20_000 }, () => '{"type":"ping"}'), "x"))],
    "4400",
  ],
]);

const HANDSHAKES: readonly Attack[] = byBytes([
  ["a WebSocket without a key", () => [handshake({ "sec-websocket-key": "" })], "400"],
  ["a WebSocket of version 1", () => [handshake({ "sec-websocket-version": "1" })], "400"],
  ["a WebSocket at another path", () => [handshake().replace("/graphql", "/etc/passwd")], "404 BAD_REQUEST"],
  [
    "a WebSocket of another site",
    () => [handshake({ origin: "https://evil.example.com" })],
    "403 BAD_REQUEST",
  ],
  ["a WebSocket with an invalid subprotocol", () => [handshake({ "sec-websocket-protocol": "a,,b" })], "400"],
  ["a WebSocket by POST", () => [handshake().replace("GET", "POST")], "405"],
]);

const SUBPROTOCOLS: readonly Attack[] = [
  ["an unknown subprotocol", "soap"],
  ["the subprotocol of an older library", "graphql-ws"],
  ["500 subprotocols", many(500, (n) => `p${n}`, ",")],
].map(([name = "", protocol = ""]) => ({
  name: `a WebSocket with ${name}`,
  expected: "4406",
  run: (target) => sendHandshake(target, protocol),
}));

async function sendHandshake({ url }: Target, protocol: string): Promise<string> {
  const socket = new WebSocket(url.replace("http", "ws"), protocol.split(","));
  // The client fails because the server has not chosen one of its subprotocols; the server closes the connection.
  return new Promise((resolve) => {
    socket.once("error", () => resolve("4406"));
    socket.once("close", (code) => resolve(String(code)));
  });
}

export const WEB_SOCKETS: readonly Attack[] = [...HANDSHAKES, ...SUBPROTOCOLS, ...FRAMES];
