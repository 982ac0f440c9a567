/**
 * Results are JSON texts already: some of megabytes, some told to thousands of viewers. A library that writes a
 * protocol around results takes values and makes their JSON itself. So it gets a mark, and in the frame that it has
 * written the text takes the place of that.
 */
import { randomUUID } from "node:crypto";

/** Stands for a text, in the form of an execution result. */
export interface ResultMark {
  readonly data: null;
  readonly mark: string;
}

export interface InsertedText {
  readonly markOf: (text: string) => ResultMark;
  /** The frame with the text of the mark that is in it, if one is. */
  readonly insert: (frame: string) => string;
}

/** For the results of one connection. */
export function createInsertedText(): InsertedText {
  /** Texts that were not written yet, by the JSON of their marks. */
  const texts = new Map<string, string>();
  return {
    markOf: (text) => {
      // Known to nobody, so nothing that a client or the upstream says can be taken for it.
      const mark: ResultMark = { data: null, mark: randomUUID() };
      texts.set(JSON.stringify(mark), text);
      return mark;
    },
    insert: (frame) => {
      for (const [mark, text] of texts) {
        const at = frame.indexOf(mark);
        if (at < 0) continue;
        texts.delete(mark);
        return frame.slice(0, at) + text + frame.slice(at + mark.length);
      }
      return frame;
    },
  };
}
