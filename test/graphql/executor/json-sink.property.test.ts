/** The JSON sink writes the same bytes as `JSON.stringify`. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  appendString,
  type Constant,
  createConstant,
  createJsonSink,
  createPutDateTime,
  DATE_TIME_BYTES,
  INTEGER_BYTES,
  type JsonSink,
  putBytes,
  putConstant,
  putInteger,
  reserve,
} from "../../../src/graphql/executor/json-sink.ts";

// What generated code does around each `put`: reserve, write, advance.
const writeInteger = (sink: JsonSink, value: number): void => {
  reserve(sink, INTEGER_BYTES);
  sink.length = putInteger(sink.view, sink.length, value);
};
const writeConstant = (sink: JsonSink, constant: Constant): void => {
  reserve(sink, constant.length);
  sink.length = putConstant(sink.view, sink.length, constant);
};
const writeBytes = (sink: JsonSink, source: DataView, start: number, end: number): void => {
  reserve(sink, end - start);
  sink.length = putBytes(sink.view, sink.length, source, start, end);
};
const createDateTimeWriter = () => {
  const put = createPutDateTime();
  return (sink: JsonSink, ms: number): void => {
    reserve(sink, DATE_TIME_BYTES);
    sink.length = put(sink.view, sink.length, ms);
  };
};
const writeQuote = (sink: JsonSink): void => appendString(sink, '"');

const textOf = ({ bytes, length }: JsonSink): string => bytes.toString("utf8", 0, length);

/** What `write` appends after `before` bytes in a sink with the initial `capacity`. */
function written(write: (sink: JsonSink) => void, before = 0, capacity = 64): string {
  const sink = createJsonSink(capacity, 2 ** 20);
  appendString(sink, "x".repeat(before));
  write(sink);
  // The next write must start where this one ends.
  appendString(sink, "|");
  const text = textOf(sink);
  expect(text.slice(0, before)).toBe("x".repeat(before));
  expect(text.at(-1)).toBe("|");
  return text.slice(before, -1);
}

const offset = fc.nat({ max: 9 });
const capacity = fc.nat({ max: 80 });

describe("integers", () => {
  const powers = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);
  const edges = [...powers, 2 ** 31, 2 ** 32, 2 ** 53 - 1].flatMap((n) => [
    n - 1,
    n,
    n + 1,
    1 - n,
    -n,
    -n - 1,
  ]);

  it.each([-0, ...edges, 2 ** 53, -(2 ** 53)])("%d", (value) => {
    expect(written((sink) => writeInteger(sink, value))).toBe(JSON.stringify(value));
  });

  it("of any size, at any position", () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer()), offset, capacity, (value, before, room) => {
        expect(written((sink) => writeInteger(sink, value), before, room)).toBe(JSON.stringify(value));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("instants", () => {
  const first = Date.parse("0000-01-01T00:00:00.000Z");
  const last = Date.parse("9999-12-31T23:59:59.999Z");

  it.each([
    first,
    last,
    first + 1,
    last - 1,
    0,
    -1,
    1,
    -86_400_000,
    -86_400_001,
    86_399_999,
    951_782_400_000,
  ])("%d ms", (ms) => {
    expect(written((sink) => createDateTimeWriter()(sink, ms))).toBe(JSON.stringify(new Date(ms)));
  });

  it("of all years, in sequences with repeated days", () => {
    const near = fc.integer({ min: -200_000_000, max: 200_000_000 });
    const any = fc.integer({ min: first, max: last });
    fc.assert(
      fc.property(
        fc.array(fc.oneof(near, any), { minLength: 1 }),
        offset,
        capacity,
        (instants, before, room) => {
          const write = createDateTimeWriter();
          const text = written(
            (sink) => {
              for (const ms of instants) write(sink, ms);
            },
            before,
            room,
          );
          expect(text).toBe(instants.map((ms) => JSON.stringify(new Date(ms))).join(""));
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe("strings", () => {
  it("are copied from any position of the source, including its end, to any position", () => {
    const source = fc.string({ unit: "binary", maxLength: 40 });
    fc.assert(
      fc.property(
        source,
        fc.nat(),
        fc.nat(),
        fc.nat({ max: 7 }),
        offset,
        capacity,
        (text, a, b, shift, before, room) => {
          const json = Buffer.from(JSON.stringify(text));
          // The source starts at any offset of its memory, and nothing may be read beyond its end.
          const memory = new ArrayBuffer(shift + json.length);
          new Uint8Array(memory, shift).set(json);
          const [start = 0, end = 0] = [a % (json.length + 1), b % (json.length + 1)].sort((x, y) => x - y);
          const sink = createJsonSink(room, 2 ** 24);
          appendString(sink, "x".repeat(before));
          writeBytes(sink, new DataView(memory, shift, json.length), start, end);
          writeQuote(sink);

          const expected = Buffer.concat([
            Buffer.from("x".repeat(before)),
            json.subarray(start, end),
            Buffer.from('"'),
          ]);
          expect(sink.bytes.subarray(0, sink.length).equals(expected)).toBe(true);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it("and constants of any length are written completely, whatever surrounds them", () => {
    const texts = fc.array(fc.string({ unit: "binary", maxLength: 20 }), { maxLength: 20 });
    fc.assert(
      fc.property(texts, capacity, (all, room) => {
        const sink = createJsonSink(room, 2 ** 24);
        all.forEach((text, index) => {
          if (index % 2 === 0) writeConstant(sink, createConstant(text));
          else appendString(sink, text);
        });
        expect(textOf(sink)).toBe(Buffer.from(all.join("")).toString());
      }),
      { numRuns: 2_000 },
    );
  });
});

it("a sink keeps its content while it grows by a factor of 1000", () => {
  const sink = createJsonSink(1, 2 ** 24);
  for (let n = 0; n < 5_000; n++) {
    writeInteger(sink, n);
    writeConstant(sink, createConstant(","));
  }
  expect(textOf(sink)).toBe(Array.from({ length: 5_000 }, (_, n) => `${n},`).join(""));
});
