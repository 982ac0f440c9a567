/** The parser of server-sent events. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEventParser, readEvents, type ServerSentEvent } from "../../src/client/event-stream.ts";

const eventsOf = (...chunks: readonly string[]) => chunks.flatMap(createEventParser());

it.each([
  ["an event", "event: next\ndata: 1\n\n", [{ name: "next", data: "1" }]],
  ["an event without a name", "data: 1\n\n", [{ name: "message", data: "1" }]],
  ["an event with empty data", "event: complete\ndata:\n\n", [{ name: "complete", data: "" }]],
  ["data of several lines", "data: 1\ndata\ndata:2\n\n", [{ name: "message", data: "1\n\n2" }]],
  ["only the first space of a value", "data:  1 : 2\n\n", [{ name: "message", data: " 1 : 2" }]],
  ["lines that end with CR LF", "event: next\r\ndata: 1\r\n\r\n", [{ name: "next", data: "1" }]],
  ["lines that end with CR", "event: next\rdata: 1\r\r", [{ name: "next", data: "1" }]],
  ["no comments", ":\n\n: keep-alive\n\n", []],
  ["no unknown fields", "id: 7\nretry: 1\n\n", []],
  ["no event without data", "event: next\n\ndata: 1\n\n", [{ name: "message", data: "1" }]],
  ["no incomplete event", "event: next\ndata: 1\n", []],
])("reads %s", (_, text, events) => {
  expect(eventsOf(text)).toEqual(events);
});

it("ends a line with a CR at the end of a chunk at once", () => {
  const parse = createEventParser();
  expect(parse("data: 1\r\r")).toEqual([{ name: "message", data: "1" }]);
  // It is the second half of a CR LF, and not another line.
  expect(parse("\n")).toEqual([]);
  expect(parse("data: 2\r")).toEqual([]);
  expect(parse("")).toEqual([]);
  expect(parse("\ndata: 3\r\n\r")).toEqual([{ name: "message", data: "2\n3" }]);
});

describe("an event of more than 64 Mi characters", () => {
  const MEBI = 1_024 * 1_024;

  it.each([
    ["in one line", "data: ", "x".repeat(MEBI)],
    ["in many lines", "", `data: ${"x".repeat(MEBI)}\n`],
  ])("is refused: %s", (_, start, chunk) => {
    const parse = createEventParser();
    parse(start);
    const parseAll = () => {
      for (let count = 0; count < 64; count += 1) parse(chunk);
    };
    expect(parseAll).toThrow(
      expect.objectContaining({ name: "JobClientError", code: "UNEXPECTED_RESPONSE", isTransient: false }),
    );
  });

  it("does not include earlier events", () => {
    const parse = createEventParser();
    let events = 0;
    for (let count = 0; count < 70; count += 1) events += parse(`data: ${"x".repeat(MEBI)}\n\n`).length;
    expect(events).toBe(70);
  });
});

it("reads the same events, however the stream is divided", () => {
  const lines = fc.constantFrom("data: 1", "data:", "event: next", ":", "", "data: 数据");
  const ends = fc.constantFrom("\n", "\r\n", "\r");
  const streams = fc
    .array(fc.tuple(lines, ends), { maxLength: 12 })
    .map((parts) => parts.map(([line, end]) => line + end).join(""));
  fc.assert(
    fc.property(streams, fc.array(fc.nat(40)), (text, cuts) => {
      const bounds = [0, ...cuts.filter((cut) => cut < text.length).toSorted((a, b) => a - b), text.length];
      const chunks = bounds.slice(1).map((end, index) => text.slice(bounds[index], end));
      expect(eventsOf(...chunks)).toEqual(eventsOf(text));
    }),
  );
});

it("decodes characters that are divided between chunks", async () => {
  const bytes = new TextEncoder().encode("data: 作业\n\n");
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  let chunks = 0;
  const events: ServerSentEvent[] = [];
  const wait = <Chunk>(chunk: Promise<Chunk>) => {
    chunks += 1;
    return chunk;
  };
  for await (const event of readEvents(body, wait)) events.push(event);
  expect(events).toEqual([{ name: "message", data: "作业" }]);
  // The last one is the end.
  expect(chunks).toBe(bytes.length + 1);
});

it("cancels the body when the caller stops", async () => {
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
    cancel: () => {
      isCancelled = true;
    },
  });
  for await (const _ of readEvents(body, (chunk) => chunk)) break;
  expect(isCancelled).toBe(true);
});
