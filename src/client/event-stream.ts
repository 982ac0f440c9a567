/**
 * Reads server-sent events as the HTML standard specifies them, except for ids and retry times, which the gateway does
 * not send: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
import { JobClientError } from "./job-client-error.ts";

export interface ServerSentEvent {
  /** `message` if the stream does not name it. */
  readonly name: string;
  readonly data: string;
}

/**
 * Yields the events of a body. An incomplete event at its end is discarded, as the standard requires.
 * @param wait is called with every chunk to wait for, and can limit the time.
 */
export async function* readEvents(
  body: NonNullable<Response["body"]>,
  wait: <Chunk>(chunk: Promise<Chunk>) => Promise<Chunk>,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  const parse = createEventParser();
  const decoder = new TextDecoder();
  // Not all browsers can iterate over a stream.
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await wait(reader.read());
      if (done) return;
      yield* parse(decoder.decode(value, { stream: true }));
    }
  } finally {
    // After an error of the stream there is nothing to cancel.
    await reader.cancel().catch(() => {});
  }
}

/** Maximum size of a result, in characters. A server that never ends one would otherwise exhaust the memory. */
export const MAX_RESULT_CHARACTERS = 64 * 1_024 * 1_024;

/**
 * Returns a function that takes the next chunk of a stream and returns the events that it completes.
 * The function throws a JobClientError if an event is too large.
 */
export function createEventParser(): (chunk: string) => readonly ServerSentEvent[] {
  /** The chunks of the incomplete last line. They are joined when it ends, because a line can be megabytes long. */
  let line: string[] = [];
  let name = "";
  let data: string[] = [];
  /** Characters of the incomplete event. */
  let size = 0;
  /** A CR at the end of a chunk ends the line, whatever follows. An LF that follows belongs to it. */
  let endsWithCR = false;

  return (chunk) => {
    const text = endsWithCR && chunk.startsWith("\n") ? chunk.slice(1) : chunk;
    if (chunk !== "") endsWithCR = chunk.endsWith("\r");
    size += text.length;
    if (size > MAX_RESULT_CHARACTERS) {
      throw new JobClientError("Expected an event of at most 64 Mi characters, got a larger one.", {
        code: "UNEXPECTED_RESPONSE",
      });
    }
    line.push(text);
    if (!/[\r\n]/.test(text)) return [];
    const lines = line.join("").split(/\r\n|\n|\r/);
    const last = lines.pop() ?? "";
    line = [last];
    const events: ServerSentEvent[] = [];
    for (const text of lines) {
      if (text === "") {
        if (data.length > 0) events.push({ name: name || "message", data: data.join("\n") });
        name = "";
        data = [];
        continue;
      }
      // A comment has an empty field name, and is ignored like other unknown fields.
      const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(text) ?? [];
      if (field === "event") name = value;
      if (field === "data") data.push(value);
    }
    const end = lines.lastIndexOf("");
    if (end >= 0) size = [...lines.slice(end + 1), last].join("\n").length;
    return events;
  };
}
