/** The body of a response that goes on, read piece by piece. */

export interface Piecewise {
  /** What was read so far. */
  readonly text: () => string;
  /** Reads until `part` has come. */
  readonly until: (part: string) => Promise<void>;
  /** The next piece; undefined at the end. */
  readonly next: () => Promise<string | undefined>;
  /** The client wants no more. */
  readonly cancel: () => Promise<void>;
}

export function readPiecewise({ body }: Response): Piecewise {
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const next = async () => {
    const piece = (await reader?.read())?.value;
    text += piece ?? "";
    return piece;
  };
  const until = async (part: string) => {
    while (!text.includes(part)) {
      if ((await next()) === undefined) throw new Error(`Expected ${part} to come, got ${text}.`);
    }
  };
  return { text: () => text, until, next, cancel: async () => void (await reader?.cancel()) };
}
