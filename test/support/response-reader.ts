/** The body of a streamed response, read chunk by chunk. */

export interface ResponseReader {
  /** Everything read so far. */
  readonly text: () => string;
  /** Reads until `part` has arrived. */
  readonly until: (part: string) => Promise<void>;
  /** The next chunk; undefined at the end. */
  readonly next: () => Promise<string | undefined>;
  /** Ends the request. */
  readonly cancel: () => Promise<void>;
}

export function readResponse({ body }: Response): ResponseReader {
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const next = async () => {
    const chunk = (await reader?.read())?.value;
    text += chunk ?? "";
    return chunk;
  };
  const until = async (part: string) => {
    while (!text.includes(part)) {
      if ((await next()) === undefined) throw new Error(`Expected ${part} to arrive, got ${text}.`);
    }
  };
  return { text: () => text, until, next, cancel: async () => void (await reader?.cancel()) };
}
