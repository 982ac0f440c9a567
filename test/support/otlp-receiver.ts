/** A collector of OpenTelemetry: an HTTP server that decodes the exported spans (OTLP, protobuf). */
import { createServer, type IncomingHttpHeaders } from "node:http";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import type { TestContext } from "vitest";
import { useServer } from "./listen.ts";

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root span. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: "INTERNAL" | "SERVER" | "CLIENT";
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly isError: boolean;
  /** Nanoseconds. */
  readonly start: bigint;
  readonly end: bigint;
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface OtlpReceiver {
  /** For `TracingOptions`. */
  readonly url: URL;
  /** All spans so far. */
  readonly spans: readonly ReceivedSpan[];
  /** Of each export. */
  readonly requests: readonly IncomingHttpHeaders[];
  /** The exports as text, to search for secrets. */
  readonly bytes: () => string;
}

/** @param respond whether the collector responds; otherwise it hangs. Default: 200 */
export async function useOtlpReceiver(
  test: Pick<TestContext, "onTestFinished">,
  { status = 200, body = "" }: { readonly status?: number | "hang"; readonly body?: string } = {},
): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const requests: IncomingHttpHeaders[] = [];
  const texts: string[] = [];
  const server = createServer(async (request, response) => {
    const sent = await buffer(request);
    const bytes = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
    requests.push(request.headers);
    texts.push(bytes.toString("latin1"));
    spans.push(...spansIn(bytes));
    if (status !== "hang") response.writeHead(status, { "content-type": "application/x-protobuf" }).end(body);
  });
  const port = await useServer(server, test);
  const url = new URL(`http://127.0.0.1:${port}/v1/traces`);
  return { url, spans, requests, bytes: () => texts.join("\n") };
}

/** The fields of a message, by number. A length-delimited field is bytes, all others are numbers. */
type Fields = ReadonlyMap<number, readonly (Buffer | bigint)[]>;

/** https://protobuf.dev/programming-guides/encoding/ */
function fieldsOf(bytes: Buffer): Fields {
  const fields = new Map<number, (Buffer | bigint)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const readValue = (wireType: number): Buffer | bigint => {
    if (wireType === 0) return varint();
    const length = wireType === 2 ? Number(varint()) : wireType === 1 ? 8 : 4;
    at += length;
    const value = bytes.subarray(at - length, at);
    if (wireType === 2) return value;
    return wireType === 1 ? value.readBigUInt64LE() : BigInt(value.readUInt32LE());
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const values = fields.get(tag >> 3) ?? [];
    values.push(readValue(tag & 7));
    fields.set(tag >> 3, values);
  }
  return fields;
}

const messages = (fields: Fields, number: number): readonly Fields[] =>
  (fields.get(number) ?? []).map((value) => fieldsOf(value as Buffer));
const bytesOf = (fields: Fields, number: number): Buffer =>
  (fields.get(number)?.[0] as Buffer | undefined) ?? Buffer.alloc(0);
const textOf = (fields: Fields, number: number): string => bytesOf(fields, number).toString();
const hexOf = (fields: Fields, number: number): string => bytesOf(fields, number).toString("hex");
const numberOf = (fields: Fields, number: number): bigint =>
  (fields.get(number)?.[0] as bigint | undefined) ?? 0n;

const KINDS = ["INTERNAL", "INTERNAL", "SERVER", "CLIENT"] as const;

/** Field numbers: https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto */
const spansIn = (bytes: Buffer): ReceivedSpan[] =>
  messages(fieldsOf(bytes), 1).flatMap((resourceSpans) => {
    const resource = attributesOf(messages(resourceSpans, 1).flatMap((each) => messages(each, 1)));
    const spans = messages(resourceSpans, 2).flatMap((scopeSpans) => messages(scopeSpans, 2));
    return spans.map((span) => ({
      traceId: hexOf(span, 1),
      spanId: hexOf(span, 2),
      traceState: textOf(span, 3),
      parentSpanId: hexOf(span, 4),
      name: textOf(span, 5),
      kind: KINDS[Number(numberOf(span, 6))] ?? "INTERNAL",
      start: numberOf(span, 7),
      end: numberOf(span, 8),
      attributes: attributesOf(messages(span, 9)),
      links: messages(span, 13).map((link) => ({ traceId: hexOf(link, 1), spanId: hexOf(link, 2) })),
      isError: messages(span, 15).some((each) => numberOf(each, 3) === 2n),
      resource,
    }));
  });

const attributesOf = (pairs: readonly Fields[]): Record<string, unknown> =>
  Object.fromEntries(pairs.map((pair) => [textOf(pair, 1), valueIn(messages(pair, 2)[0] ?? new Map())]));

function valueIn(value: Fields): unknown {
  if (value.has(1)) return textOf(value, 1);
  if (value.has(2)) return numberOf(value, 2) === 1n;
  if (value.has(3)) return Number(numberOf(value, 3));
  const double = Buffer.alloc(8);
  double.writeBigUInt64LE(numberOf(value, 4));
  return double.readDoubleLE();
}
