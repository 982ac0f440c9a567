/**
 * Splices results into protocol frames. Results are JSON strings already: some are megabytes long, and some are sent to
 * thousands of subscribers. A protocol library takes values and serializes them itself. It therefore gets a small
 * placeholder, which is replaced by the raw JSON in the frame that the library has written:
 *
 *     placeholderFor('{"data":{"a":1}}')    { data: null, placeholder: "6f1c…" }
 *     frame of the library                  {"type":"next","payload":{"data":null,"placeholder":"6f1c…"}}
 *     splice(frame)                         {"type":"next","payload":{"data":{"a":1}}}
 */
import { randomUUID } from "node:crypto";

/** Stands for raw JSON, in the form of an execution result. */
export interface JsonPlaceholder {
  readonly data: null;
  readonly placeholder: string;
}

export interface RawJson {
  readonly placeholderFor: (json: string) => JsonPlaceholder;
  /** Replaces the placeholder in a frame by its raw JSON. Returns a frame without a placeholder as it is. */
  readonly splice: (frame: string) => string;
}

/** For the results of one connection. */
export function createRawJson(): RawJson {
  /** Results that have not been written yet, by the serialized placeholder. */
  const pending = new Map<string, string>();
  return {
    placeholderFor: (json) => {
      // Random, so that no string from a client or from the upstream can be mistaken for it.
      const placeholder: JsonPlaceholder = { data: null, placeholder: randomUUID() };
      pending.set(JSON.stringify(placeholder), json);
      return placeholder;
    },
    splice: (frame) => {
      for (const [placeholder, json] of pending) {
        const at = frame.indexOf(placeholder);
        if (at < 0) continue;
        pending.delete(placeholder);
        return frame.slice(0, at) + json + frame.slice(at + placeholder.length);
      }
      return frame;
    },
  };
}
