/** Hostile HTTP: headers, URLs, methods, framing, pipelining, and clients that are slow or silent. */
import { connect } from "node:net";
import {
  type Attack,
  type Bytes,
  byBytes,
  exchange,
  head,
  many,
  orClosed,
  post,
  type Target,
} from "./attack.ts";

const BAD = "400 BAD_REQUEST";
const TOO_LONG = "431 BAD_REQUEST";
const JSON_TYPE = { "content-type": "application/json" };
const BODY = '{"query":"{__typename}"}';

const raw =
  (...lines: readonly string[]) =>
  (): Bytes => [`${lines.join("\r\n")}\r\n\r\n`];
const get =
  (path: string, headers: Record<string, string> = {}) =>
  () => [head(`GET ${path}`, { ...JSON_TYPE, ...headers })];

const HEADERS: readonly Attack[] = byBytes([
  [
    "5 000 headers",
    get("/graphql", Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`x${n}`, "1"]))),
    TOO_LONG,
  ],
  ["a header of 1 MB", get("/graphql", { "x-bkapi-authorization": "x".repeat(2 ** 20) }), orClosed(TOO_LONG)],
  ["a header name of 100 kB", get("/graphql", { ["x".repeat(100_000)]: "1" }), TOO_LONG],
  ["a header name with a space", raw("GET /healthz HTTP/1.1", "host: x", "bad name: 1"), BAD],
  ["a header without a colon", raw("GET /healthz HTTP/1.1", "host: x", "bad"), BAD],
  ["a header with a bare line feed", raw("GET /healthz HTTP/1.1", "host: x", "a: b\nc: d"), BAD],
  ["a header that is folded", raw("GET /healthz HTTP/1.1", "host: x", "a: b", " c"), BAD],
  ["NUL in a header", raw("GET /healthz HTTP/1.1", "host: x", "a: \0"), BAD],
  ["no host", raw("GET /healthz HTTP/1.1"), "400"],
  [
    "credentials nested 7 000 levels",
    () => post({ query: "{__typename}" }, { "x-bkapi-authorization": "[".repeat(7_000) }),
    "200",
  ],
  [
    "credentials with __proto__",
    () => post({ query: "{__typename}" }, { "x-bkapi-authorization": '{"__proto__":{"bk_token":"x"}}' }),
    "200",
  ],
  [
    "cookies with __proto__",
    () => post({ query: "{__typename}" }, { cookie: many(500, (n) => `__proto__=${n}`, "; ") }),
    "200",
  ],
  [
    "1 500 languages",
    () => post({ query: "{__typename}" }, { "accept-language": many(1_500, (n) => `x${n}`, ",") }),
    "200",
  ],
  [
    "2 000 media types",
    () => post({ query: "{__typename}" }, { accept: many(1_500, (n) => `a/b${n}`, ",") }),
    "406 BAD_REQUEST",
  ],
  [
    "an Accept header with 2 000 parameters",
    () => post({ query: "{__typename}" }, { accept: `application/json;${'a="b";'.repeat(1_500)}` }),
    "406 BAD_REQUEST",
  ],
  [
    "a request id with a script",
    () => post({ query: "{__typename}" }, { "x-request-id": "<script>alert(1)</script>" }),
    "200",
  ],
  [
    "Expect: 100-continue with 20 MB",
    () => [head("POST /graphql", { ...JSON_TYPE, "content-length": 20_000_000, expect: "100-continue" })],
    "413 BAD_REQUEST",
  ],
  [
    "an unknown Expect",
    () => [head("POST /graphql", { ...JSON_TYPE, "content-length": 0, expect: "x" })],
    "417",
  ],
]);

const search = (parameters: string) => get(`/graphql?${parameters}`);

const URLS: readonly Attack[] = byBytes([
  ["a URL of 100 kB", get(`/${"x".repeat(100_000)}`), TOO_LONG],
  ["a query string of 15 kB", search(`query=${"%7B".repeat(5_000)}`), "400 GRAPHQL_PARSE_FAILED"],
  ["1 500 parameters", search(many(1_500, (n) => `a${n}`, "&")), BAD],
  ["a parameter 2 000 times", search("query=%7B__typename%7D&".repeat(600)), BAD],
  ["__proto__ as a parameter", search("__proto__[query]=1&__proto__=2&query=%7B__typename%7D"), "200"],
  [
    "variables nested 5 000 levels",
    search(`query=%7B__typename%7D&variables=${'{"a":'.replaceAll('"', "%22").repeat(900)}`),
    BAD,
  ],
  ["invalid percent-encoding in the query string", search("query=%ff%fe%zz"), "400 GRAPHQL_PARSE_FAILED"],
  ["invalid percent-encoding in the path", get("/%zz"), BAD],
  ["NUL in the path", get("/%00"), "404 BAD_REQUEST"],
  ["a path to a file", get("/../../../../etc/passwd"), "404 BAD_REQUEST"],
  ["an encoded path to a file", get("/%2e%2e%2f%2e%2e%2fetc/passwd"), "404 BAD_REQUEST"],
  ["a path with two slashes", get("//healthz"), "404 BAD_REQUEST"],
  ["a path without a slash", get("healthz"), BAD],
  ["an absolute URL of another host", get("http://evil.example.com/healthz"), "200"],
  ["*", () => [head("OPTIONS *")], "404 BAD_REQUEST"],
  ["TRACE", () => [head("TRACE /graphql")], "405 BAD_REQUEST"],
  ["CONNECT", () => [head("CONNECT evil.example.com:443")], "closed"],
  ["DELETE", () => [head("DELETE /graphql")], "405 BAD_REQUEST"],
  ["a method that does not exist", () => [head("FLOOD /graphql")], BAD],
  [
    "GET from another site",
    // With the login cookie: a page of another site cannot set the other header.
    () => [
      head("GET /graphql?query=%7B__typename%7D", {
        origin: "https://evil.example.com",
        cookie: "bk_token=alice",
        "x-bkapi-authorization": "",
      }),
    ],
    "400 BAD_REQUEST",
  ],
]);

const FRAMING: readonly Attack[] = byBytes([
  [
    "a length and chunks",
    () => [
      head("POST /graphql", { ...JSON_TYPE, "content-length": 5, "transfer-encoding": "chunked" }),
      "0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n",
    ],
    BAD,
  ],
  [
    "two lengths",
    () => [head("POST /graphql", { ...JSON_TYPE, "content-length": 5, "Content-Length": 24 }), BODY],
    BAD,
  ],
  ["a negative length", () => [head("POST /graphql", { ...JSON_TYPE, "content-length": -1 }), BODY], BAD],
  [
    "a length with a sign",
    () => [head("POST /graphql", { ...JSON_TYPE, "content-length": "+24" }), BODY],
    BAD,
  ],
  [
    "chunks twice",
    () => [head("POST /graphql", { ...JSON_TYPE, "transfer-encoding": "chunked, chunked" }), "0\r\n\r\n"],
    BAD,
  ],
  [
    "an unknown transfer coding",
    () => [head("POST /graphql", { ...JSON_TYPE, "transfer-encoding": "xchunked" }), "0\r\n\r\n"],
    BAD,
  ],
  [
    "a chunk of 2⁶⁴ bytes",
    () => [head("POST /graphql", { ...JSON_TYPE, "transfer-encoding": "chunked" }), "FFFFFFFFFFFFFFFFF\r\n"],
    BAD,
  ],
  [
    "a chunk with a wrong length",
    () => [head("POST /graphql", { ...JSON_TYPE, "transfer-encoding": "chunked" }), `1\r\n${BODY}\r\n`],
    BAD,
  ],
  [
    "a chunk extension of 100 kB",
    () => [
      head("POST /graphql", { ...JSON_TYPE, "transfer-encoding": "chunked" }),
      `1;${"x".repeat(100_000)}\r\n`,
    ],
    BAD,
  ],
  [
    "trailers of 100 kB",
    () => [
      head("POST /graphql", { ...JSON_TYPE, "transfer-encoding": "chunked" }),
      `0\r\nx: ${"x".repeat(100_000)}\r\n\r\n`,
    ],
    TOO_LONG,
  ],
  ["HTTP/1.0", () => [head("GET /healthz", {}, "1.0")], "200"],
  ["HTTP/0.9", () => ["GET /healthz\r\n\r\n"], "200"],
  ["HTTP/2", () => ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"], BAD],
  ["TLS", () => [Buffer.from("16030100a5010000a1030364", "hex"), Buffer.alloc(200)], BAD],
  ["random bytes", () => [Buffer.from(Array.from({ length: 5_000 }, (_, n) => (n * 7919) % 256))], BAD],
  ["200 kB of line breaks", () => ["\r\n".repeat(100_000), head("GET /healthz")], "200"],
]);

const PIPELINING: readonly Attack[] = [
  ...byBytes(
    [
      [
        "1 000 requests at once",
        () => [
          `${head("POST /graphql", { ...JSON_TYPE, connection: "keep-alive", "content-length": BODY.length })}${BODY}`.repeat(
            1_000,
          ),
        ],
        "1000 × 200",
      ],
    ],
    { responses: 1_000 },
  ),
  ...byBytes(
    [
      [
        "a request that ends too early",
        () => [head("POST /graphql", { ...JSON_TYPE, "content-length": 100 }), BODY],
        BAD,
      ],
    ],
    { keepOpen: false },
  ),
  ...byBytes([["a client that closes its side after the request", () => post(BODY), "200"]], {
    keepOpen: false,
  }),
  {
    name: "500 connections that send nothing and close",
    expected: "closed",
    run: async (target) => {
      const open = () => exchange(target, [], { keepOpen: false });
      return [...new Set(await Promise.all(Array.from({ length: 500 }, open)))].join();
    },
  },
];

export const HTTP: readonly Attack[] = [...HEADERS, ...URLS, ...FRAMING, ...PIPELINING];

/**
 * Opens a connection, sends the beginning of a request, and then a byte with each of the others. The gateway must end it
 * after its time limit for requests, although the client never stops.
 */
async function drip({ host, port }: Target, beginning: string, drop: string): Promise<string> {
  const socket = connect({ host, port });
  let answer = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    answer += text;
  });
  socket.on("error", () => {});
  socket.write(beginning);
  const timer = setInterval(() => socket.write(drop), 500);
  await new Promise((resolve) => socket.once("close", resolve));
  clearInterval(timer);
  return /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? "closed";
}

/** Clients that are slow on purpose. They take as long as the gateway's time limit, at the same time as all others. */
export const SLOW: readonly Attack[] = [
  {
    name: "50 clients that send a header at a time, without an end",
    expected: "408",
    run: async (target) => {
      const slow = () => drip(target, "GET /graphql HTTP/1.1\r\nhost: x\r\n", "a: b\r\n");
      return [...new Set(await Promise.all(Array.from({ length: 50 }, slow)))].join();
    },
  },
  {
    name: "50 clients that send a body byte by byte",
    expected: "408",
    run: async (target) => {
      const start = head("POST /graphql", { ...JSON_TYPE, "content-length": 1_000 });
      const slow = () => drip(target, start, " ");
      return [...new Set(await Promise.all(Array.from({ length: 50 }, slow)))].join();
    },
  },
];
