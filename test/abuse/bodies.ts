/** Hostile bodies, variables and ids. */
import { gzipSync } from "node:zlib";
import { type Attack, type Bytes, byBytes, head, many, orClosed, post } from "./attack.ts";

const MEGABYTE = Buffer.alloc(2 ** 20, "x");
const JSON_TYPE = { "content-type": "application/json" };
const QUERY = "query($ref: JobInstanceRef!) { jobInstance(ref: $ref) { __typename } }";
const REFS = "query($refs: [JobInstanceRef!]!) { jobInstances(refs: $refs) { __typename } }";

const chunk = (bytes: Buffer): Bytes => [`${bytes.length.toString(16)}\r\n`, bytes, "\r\n"];
const nested = (levels: number, open: string, close: string, middle = "") =>
  open.repeat(levels) + middle + close.repeat(levels);

const BAD = "400 BAD_REQUEST";
const INPUT = "BAD_USER_INPUT";
const TOO_LARGE = "413 BAD_REQUEST";
const TYPE = "415 BAD_REQUEST";

const SIZES: readonly Attack[] = byBytes([
  [
    "20 MB with its length",
    () => [
      head("POST /graphql", { ...JSON_TYPE, "content-length": 20 * MEGABYTE.length }),
      ...Array.from({ length: 20 }, () => MEGABYTE),
    ],
    orClosed(TOO_LARGE),
  ],
  [
    "20 MB in chunks",
    () => [
      head("POST /graphql", { ...JSON_TYPE, "transfer-encoding": "chunked" }),
      ...Array.from({ length: 20 }, () => chunk(MEGABYTE)).flat(),
      "0\r\n\r\n",
    ],
    orClosed(TOO_LARGE),
  ],
  [
    "100 kB in chunks of one byte",
    () => [
      head("POST /graphql", { ...JSON_TYPE, "transfer-encoding": "chunked" }),
      Buffer.from("1\r\n{\r\n".repeat(100_000)),
      "0\r\n\r\n",
    ],
    BAD,
  ],
  [
    "20 MB in gzip",
    () => post(gzipSync(Buffer.alloc(20 * 2 ** 20, " ")), { "content-encoding": "gzip" }),
    orClosed(TYPE),
  ],
  [
    "a length of 2⁶³",
    () => [head("POST /graphql", { ...JSON_TYPE, "content-length": "9223372036854775808" })],
    TOO_LARGE,
  ],
  [
    "20 MB to a path that does not exist",
    () => [head("POST /x", { ...JSON_TYPE, "content-length": 20 * MEGABYTE.length }), MEGABYTE],
    orClosed("404 BAD_REQUEST"),
  ],
  [
    "20 MB with GET",
    () => [head("GET /healthz", { "content-length": 20 * MEGABYTE.length }), MEGABYTE],
    orClosed("200"),
  ],
  [
    "a batch of 10 000 operations",
    () => post(`[${many(10_000, () => '{"query":"{__typename}"}', ",")}]`),
    BAD,
  ],
  ["a list of 500 000 empty lists", () => post(`[${many(300_000, () => "[]", ",")}]`), BAD],
  [
    "100 000 unknown keys",
    () => post(`{"query":"{__typename}",${many(80_000, (n) => `"k${n}":1`, ",")}}`),
    "200",
  ],
  [
    "50 000 unknown variables",
    () =>
      post({
        query: QUERY,
        variables: Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`v${n}`, n])),
      }),
    `400 ${INPUT}`,
  ],
  [
    "20 000 references",
    () =>
      post({
        query: REFS,
        variables: {
          refs: Array.from({ length: 12_000 }, (_, n) => ({ scopeId: "1", jobInstanceId: String(n + 1) })),
        },
      }),
    `200 ${INPUT}`,
  ],
  [
    "100 000 invalid references",
    () => post({ query: REFS, variables: { refs: Array.from({ length: 100_000 }, () => 1) } }),
    `400 ${INPUT}`,
  ],
]);

const DEEP_LIST = nested(100_000, "[", "]");
const DEEP_OBJECT = nested(100_000, '{"a":', "}", "1");

const SHAPES: readonly Attack[] = byBytes([
  ["JSON nested 100 000 levels as the body", () => post(DEEP_LIST), BAD],
  [
    "JSON nested 100 000 levels as a variable",
    () => post(`{"query":${JSON.stringify(QUERY)},"variables":{"ref":${DEEP_OBJECT}}}`),
    `400 ${INPUT}`,
  ],
  [
    "lists nested 100 000 levels as a variable",
    () => post(`{"query":${JSON.stringify(REFS)},"variables":{"refs":${DEEP_LIST}}}`),
    `400 ${INPUT}`,
  ],
  [
    "JSON nested 100 000 levels in extensions",
    () => post(`{"query":"{__typename}","extensions":${DEEP_OBJECT}}`),
    "200",
  ],
  [
    "JSON nested 100 000 levels as a hash",
    () => post(`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":${DEEP_LIST}}}}`),
    BAD,
  ],
  [
    "JSON nested 100 000 levels with a 64-bit integer",
    () => post(`{"query":"{__typename}","a":${DEEP_OBJECT},"b":9007199254740993}`),
    "200",
  ],
  ["text", () => post("hello"), BAD],
  ["nothing", () => post(""), BAD],
  ["null", () => post("null"), BAD],
  ["a number", () => post("1e999"), BAD],
  ["NUL bytes", () => post(Buffer.alloc(1_000)), BAD],
  ["invalid UTF-8", () => post(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])), BAD],
  ["overlong UTF-8", () => post(Buffer.from([0x22, 0xc0, 0xaf, 0x22])), BAD],
  ["UTF-16", () => post(Buffer.from('\ufeff{"query":"{__typename}"}', "utf16le")), BAD],
  [
    "UTF-16 as declared",
    () =>
      post(Buffer.from('{"query":"{__typename}"}', "utf16le"), {
        "content-type": "application/json; charset=utf-16",
      }),
    TYPE,
  ],
  ["UTF-8 with a byte order mark", () => post('\ufeff{"query":"{__typename}"}'), "200"],
  ["a duplicate key", () => post('{"query":"{__typename}","query":"{"}'), "400 GRAPHQL_PARSE_FAILED"],
  ["a query that is a list", () => post({ query: ["{__typename}"] }), BAD],
  ["an operation name that is an object", () => post({ query: "{__typename}", operationName: {} }), BAD],
  [
    "a form",
    () => post("query=%7B__typename%7D", { "content-type": "application/x-www-form-urlencoded" }),
    TYPE,
  ],
  ["text/plain", () => post('{"query":"{__typename}"}', { "content-type": "text/plain" }), TYPE],
  [
    "a multipart form with a file",
    () =>
      post(
        '--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{"query":"{__typename}"}\r\n--x--\r\n',
        { "content-type": "multipart/form-data; boundary=x" },
      ),
    TYPE,
  ],
  [
    "a content type of 10 kB",
    () => post("{}", { "content-type": `application/json;${"a=b;".repeat(2_500)}` }),
    BAD,
  ],
]);

const withVariables = (json: string) => () => post(`{"query":${JSON.stringify(QUERY)},"variables":${json}}`);
const POLLUTION = '{"isAdmin":true,"toString":1}';

/** Keys that have a meaning in JavaScript. After all of them, the gateway gives the right answer to a usual query. */
const PROTOTYPES: readonly Attack[] = byBytes([
  ["__proto__ beside the query", () => post(`{"query":"{__typename}","__proto__":${POLLUTION}}`), "200"],
  ["__proto__ instead of the query", () => post('{"__proto__":{"query":"{__typename}"}}'), BAD],
  [
    "__proto__ as the variables",
    withVariables(`{"__proto__":{"ref":{"scopeId":"1","jobInstanceId":"100"}}}`),
    `400 ${INPUT}`,
  ],
  [
    "__proto__ in a variable",
    withVariables(`{"ref":{"__proto__":{"scopeId":"1","jobInstanceId":"100"}}}`),
    `400 ${INPUT}`,
  ],
  [
    "constructor in a variable",
    withVariables(`{"ref":{"constructor":{"prototype":${POLLUTION}}}}`),
    `400 ${INPUT}`,
  ],
  ["toString as a reference", withVariables('{"ref":{"toString":"x","valueOf":1}}'), `400 ${INPUT}`],
  [
    "__proto__ in extensions",
    () => post(`{"query":"{__typename}","extensions":{"__proto__":${POLLUTION}}}`),
    "200",
  ],
  [
    "__proto__ as a persisted query",
    () => post(`{"extensions":{"persistedQuery":{"__proto__":{"version":1}}}}`),
    BAD,
  ],
  ["__proto__ as the document id", () => post('{"documentId":"__proto__"}'), "400 PERSISTED_QUERY_NOT_FOUND"],
  [
    "__proto__ as the operation name",
    () => post({ query: "query __proto__ { __typename }", operationName: "__proto__" }),
    "200",
  ],
  [
    "constructor as the operation name",
    () => post({ query: "{ __typename }", operationName: "constructor" }),
    "400 OPERATION_RESOLUTION_FAILURE",
  ],
  [
    "__proto__ as an alias",
    () => post({ query: "{ __proto__: __typename constructor: __typename }" }),
    "200",
  ],
  [
    "__proto__ as a variable",
    () => post({ query: "query($__proto__: Boolean!) { __typename @skip(if: $__proto__) }", variables: {} }),
    `400 ${INPUT}`,
  ],
  [
    "fields of Object.prototype",
    () => post({ query: "{ __proto__ constructor toString hasOwnProperty }" }),
    "400 GRAPHQL_VALIDATION_FAILED",
  ],
  [
    "fragments with the names of Object.prototype",
    () => post({ query: "{ ...constructor } fragment constructor on Query { __typename }" }),
    "200",
  ],
]);

const withId = (id: unknown) => () =>
  post({ query: QUERY, variables: { ref: { scopeId: "1", jobInstanceId: id } } });
const withScope = (scopeId: string) => () =>
  post({ query: QUERY, variables: { ref: { scopeId, jobInstanceId: "100" } } });

/** Ids that would change the upstream's URL if they got there. */
const IDS: readonly Attack[] = byBytes(
  (
    [
      ["a path", "../../../etc/passwd"],
      ["a parameter", "100&bk_scope_id=2"],
      ["a fragment", "100#"],
      ["a line break", "100\r\nx-injected: 1"],
      ["NUL", "100\0"],
      ["unicode digits", "１００"],
      ["an Arabic digit", "١"],
      ["a sign", "+100"],
      ["an exponent", "1e2"],
      ["hexadecimal", "0x64"],
      ["a space", " 100"],
      ["percent-encoding", "%31"],
      ["900 000 digits", "9".repeat(900_000)],
      ["2⁶³", "9223372036854775808"],
      ["a fraction", 1.5],
    ] as const
  ).map(([name, id]) => [
    `an id with ${name}`,
    withId(id),
    name === "a fraction" ? `400 ${INPUT}` : `200 ${INPUT}`,
  ]),
);

export const BODIES: readonly Attack[] = [
  ...SIZES,
  ...SHAPES,
  ...PROTOTYPES,
  ...IDS,
  ...byBytes([
    ["a scope with a path", withScope("../1"), "200"],
    ["a scope with a line break", withScope("1\r\nx: 1"), "200"],
    [
      "an id as a number with 900 000 digits",
      () =>
        post(
          `{"query":${JSON.stringify(QUERY)},"variables":{"ref":{"scopeId":"1","jobInstanceId":${"9".repeat(900_000)}}}}`,
        ),
      `200 ${INPUT}`,
    ],
  ]),
];
