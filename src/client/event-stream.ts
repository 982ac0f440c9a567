/**
 * Reads server-sent events as the HTML standard specifies them, except for ids and retry times, which the gateway does
 * not send: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */

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

/** A line ends with CR LF, LF or CR. A CR at the end of a chunk may be the first half of a CR LF. */
const LINE_END = /\r\n|\n|\r(?!$)/;

/** Returns a function that takes the next chunk of a stream and returns the events that it completes. */
export function createEventParser(): (chunk: string) => readonly ServerSentEvent[] {
  /** The chunks of the incomplete last line. They are joined when it ends, because a line can be megabytes long. */
  let line: string[] = [];
  let name = "";
  let data: string[] = [];

  return (chunk) => {
    // A CR at the end of the last chunk ends the line, whatever follows.
    const isPending = line.at(-1)?.endsWith("\r") ?? false;
    line.push(chunk);
    if (!isPending && !/[\r\n]/.test(chunk)) return [];
    const lines = line.join("").split(LINE_END);
    line = [lines.pop() ?? ""];
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
    return events;
  };
}
