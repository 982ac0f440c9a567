/** Verifies one response of each server before it is measured. */
import { isDeepStrictEqual } from "node:util";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { type GraphQLSchema, graphql } from "graphql";
import { request } from "undici";
import { bulkJobId } from "../src/simulator/bulk-jobs.ts";
import type { Form } from "./catalogue.ts";
import { createRestSchema } from "./servers/rest-schema.ts";
import { createSchema } from "./servers/schema.ts";
import { endpointPath } from "./servers/upstream.ts";
import type { Body } from "./servers/upstream-body.ts";
import { type Ask, requestBody, type Upstream } from "./workloads.ts";

const AUTHORIZATION = { "x-bkapi-authorization": '{"access_token":"demo"}' };

/** How to recognize correct responses to a workload. */
export interface Expectation {
  /** Null: not checked, because the body is compressed. */
  readonly start: string | null;
  readonly bytes: number;
}

/** The server to verify and its upstream. */
export interface Verified {
  readonly origin: string;
  readonly form: Form;
  /** Null: the requests have no such header. */
  readonly acceptEncoding: string | null;
  readonly upstreamUrl: string;
  readonly upstream: Upstream;
}

/**
 * Sends one request and compares the response: the floor's with the upstream's body, any other with the result of
 * graphql-js for that body, with the same schema and plain resolvers. Rows may be in any order.
 * @throws Error that names the first difference.
 */
export async function verify(
  { origin, form, acceptEncoding, upstreamUrl, upstream }: Verified,
  ask: Ask,
): Promise<Expectation> {
  const jobInstanceId = bulkJobId(ask.hosts, 0, upstream.rows);
  const text = await readUpstream(upstreamUrl, jobInstanceId, ask.needsHosts);
  const { query, body } = requestBody(ask, form, upstream.dialect);
  const expected =
    form === "none"
      ? inOneOrder(JSON.parse(text).data)
      : inOneOrder(await reference(schemaOf(form), query, jobInstanceId, parseExactly(text)));

  const response = await request(`${origin}/graphql`, {
    method: "POST",
    headers: {
      ...AUTHORIZATION,
      "content-type": "application/json",
      ...(acceptEncoding !== null && { "accept-encoding": acceptEncoding }),
    },
    body: body.join(jobInstanceId),
  });
  const received = Buffer.from(await response.body.arrayBuffer());
  const encoding = response.headers["content-encoding"] ?? null;
  if (encoding !== acceptEncoding) throw new Error(`Expected encoding ${acceptEncoding}, got ${encoding}.`);
  const responseText = String(decode(received, acceptEncoding));
  if (response.statusCode !== 200)
    throw new Error(`Expected HTTP 200, got ${response.statusCode}: ${responseText.slice(0, 500)}`);
  // The result is compared with the expected one, field by field.
  const actualBody = JSON.parse(responseText);
  const actual = inOneOrder(form === "none" ? actualBody.data : actualBody);
  if (!isDeepStrictEqual(actual, expected)) throw new Error(firstDifference(actual, expected, "response"));
  return { start: encoding === null ? '{"data":{' : null, bytes: received.byteLength };
}

const DECODERS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

function decode(body: Buffer, encoding: string | null): Buffer {
  if (encoding === null) return body;
  const decoder = DECODERS[encoding];
  if (!decoder) throw new Error(`Expected an encoding of ${Object.keys(DECODERS)}, got ${encoding}.`);
  return decoder(body);
}

const schemaOf = (form: Form): GraphQLSchema => (form === "sdl" ? createSchema() : createRestSchema());

async function readUpstream(upstreamUrl: string, jobInstanceId: string, hosts: boolean): Promise<string> {
  const response = await fetch(upstreamUrl + endpointPath(jobInstanceId, hosts), { headers: AUTHORIZATION });
  if (response.status !== 200) throw new Error(`Expected HTTP 200 of the simulator, got ${response.status}.`);
  return response.text();
}

// `JSON.parse` passes the source text in every supported Node.js, which the compiler's library does not know yet.
const parseWithSource = JSON.parse as (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown;

/** Like `JSON.parse`, but integers that a double cannot represent become strings, digit for digit. */
const parseExactly = (text: string): Body =>
  // The simulator's responses have this type.
  parseWithSource(text, (_, value, { source }) =>
    typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) ? source : value,
  ) as Body;

async function reference(
  schema: GraphQLSchema,
  source: string,
  jobInstanceId: string,
  body: Body,
): Promise<object> {
  const contextValue = { jobs: { read: async () => body } };
  return graphql({ schema, source, variableValues: { jobInstanceId }, contextValue });
}

/** Keys of lists whose order changes from read to read. */
const ROW_LISTS = new Set(["nodes", "step_ip_result_list", "step_execute_object_result_list"]);

/**
 * A result as plain data with its rows sorted by their JSON. The `id` of a node may be any string, because each server
 * has its own.
 */
function inOneOrder(result: object): unknown {
  return JSON.parse(JSON.stringify(result), (key, value) => {
    if (key === "id" && typeof value === "string" && value.includes("/")) return "id";
    if (!ROW_LISTS.has(key) || !Array.isArray(value)) return value;
    const texts = value.map((row) => JSON.stringify(row)).sort();
    return texts.map((text) => JSON.parse(text));
  });
}

function firstDifference(actual: unknown, expected: unknown, path: string): string {
  if (isRecord(actual) && isRecord(expected)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    for (const key of keys) {
      if (!isDeepStrictEqual(actual[key], expected[key])) {
        return firstDifference(actual[key], expected[key], `${path}.${key}`);
      }
    }
  }
  const shown = (value: unknown) => (JSON.stringify(value) ?? "nothing").slice(0, 300);
  return `Expected ${path} to be ${shown(expected)}, got ${shown(actual)}.`;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
