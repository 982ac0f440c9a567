/** A hostile request: the bytes that it sends, and what must come back. */
import { connect } from "node:net";

export interface Target {
  /** Of the GraphQL endpoint. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
}

export interface Attack {
  readonly name: string;
  /** @returns what came back, in the words of `expected`. */
  readonly run: (target: Target) => Promise<string>;
  /**
   * For HTTP: the status and the code of the first error of each distinct response, such as `400 BAD_REQUEST`;
   * `closed` for a connection that is closed without a response. For WebSockets: the code of the close. Alternatives are
   * separated by `or`.
   */
  readonly expected: string;
}

/**
 * For large requests that are rejected before they have been read: a client that is still sending may see the end of the
 * connection before it reads the response.
 */
export const orClosed = (expected: string): string => `${expected} or closed`;

/** Bytes to send, one write each. */
export type Bytes = readonly (string | Buffer)[];

interface Exchange {
  /** Number of responses after which the client closes the connection. By default, the gateway must close it. */
  readonly responses?: number;
  /** Do not close this side after the last byte. */
  readonly keepOpen?: boolean;
}

/** No response to an attack may be larger. Nearly all have less than a kilobyte. */
const MAX_RESPONSE_BYTES = 2 ** 26;

/** Sends bytes on a connection of their own, and reads all responses. */
export function exchange(
  { host, port }: Target,
  bytes: Bytes,
  { responses = Number.POSITIVE_INFINITY, keepOpen = true }: Exchange = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let received = 0;
    const socket = connect({ host, port, allowHalfOpen: true });
    const finish = () => {
      socket.destroy();
      resolve(describe(readResponses(Buffer.concat(chunks))));
    };
    // The gateway closes connections on which it has rejected a request, while the client is still sending.
    socket.on("error", finish);
    socket.on("end", finish);
    socket.on("close", finish);
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      received += chunk.length;
      if (received > MAX_RESPONSE_BYTES) reject(new Error("Expected a response of bounded size."));
      if (responses !== Number.POSITIVE_INFINITY) {
        if (readResponses(Buffer.concat(chunks)).filter((each) => each.isComplete).length >= responses)
          finish();
      }
    });
    for (const each of bytes) socket.write(each);
    if (!keepOpen) socket.end();
  });
}

interface RawResponse {
  readonly status: number;
  readonly body: string;
  readonly isComplete: boolean;
}

/** Splits the bytes of a connection into responses, by `content-length` or chunks. */
function readResponses(bytes: Buffer): readonly RawResponse[] {
  const found: RawResponse[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf("\r\n\r\n", at);
    const head = bytes.toString("latin1", at, end < 0 ? undefined : end);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? Number.NaN);
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    if (end < 0) return [...found, { status, body: "", isComplete: false }];
    const last = /^transfer-encoding: chunked$/im.test(head) ? bytes.indexOf("\r\n0\r\n\r\n", end) : null;
    const bodyEnd = last === null ? end + 4 + length : last < 0 ? bytes.length + 1 : last + 7;
    const body = bytes.toString("utf8", end + 4, bodyEnd);
    found.push({ status, body, isComplete: bodyEnd <= bytes.length });
    at = bodyEnd;
  }
  return found;
}

/** Distinct responses in the order of their first occurrence, with their number if there are several. */
function describe(responses: readonly RawResponse[]): string {
  const texts = responses
    .filter(({ status }) => status !== 100)
    .map(({ status, body, isComplete }) => {
      const code = /"code":"(\w+)"/.exec(body)?.[1];
      return `${status}${code === undefined ? "" : ` ${code}`}${isComplete ? "" : " incomplete"}`;
    });
  const counts = Map.groupBy(texts, (text) => text);
  return (
    [...counts].map(([text, { length }]) => (length > 1 ? `${length} × ${text}` : text)).join(", ") ||
    "closed"
  );
}

/** The head of a request that closes its connection, with credentials. */
export const head = (
  request: string,
  headers: Readonly<Record<string, string | number>> = {},
  version = "1.1",
): string => {
  const all = { host: "x", connection: "close", "x-bkapi-authorization": '{"access_token":"a"}', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `${[`${request} HTTP/${version}`, ...lines].join("\r\n")}\r\n\r\n`;
};

/** A POST request with this body as JSON, unless it is text or bytes. */
export function post(body: unknown, headers: Readonly<Record<string, string>> = {}): Bytes {
  const bytes = Buffer.isBuffer(body) ? body : typeof body === "string" ? body : JSON.stringify(body);
  const size = { "content-type": "application/json", "content-length": Buffer.byteLength(bytes), ...headers };
  return [head("POST /graphql", size), bytes];
}

/** Attacks that are one exchange of bytes. */
export const byBytes = (
  entries: readonly (readonly [name: string, bytes: () => Bytes, expected: string])[],
  options: Exchange = {},
): readonly Attack[] =>
  entries.map(([name, bytes, expected]) => ({
    name,
    expected,
    run: (target) => exchange(target, bytes(), options),
  }));

/** Runs an exchange for each, a few at a time. @returns the distinct outcomes with their number. */
export async function exchangeAll(target: Target, requests: Iterable<Bytes>, atOnce = 20): Promise<string> {
  const outcomes = new Map<string, number>();
  const queue = requests[Symbol.iterator]();
  const work = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const outcome = await exchange(target, next.value);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return [...outcomes]
    .toSorted()
    .map(([outcome, count]) => `${count} × ${outcome}`)
    .join(", ");
}

/** `count` texts in a row. */
export const many = (count: number, text: (index: number) => string, separator = " "): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(separator);
