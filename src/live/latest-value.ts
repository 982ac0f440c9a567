/** A stream that buffers only the latest value, so that a slow reader costs no more memory than a fast one. */

export interface LatestValue<T> {
  /** Replaces a value that has not been read. Has no effect after the end of the stream. */
  readonly put: (value: T) => void;
  /** Ends the stream after the buffered value. With an error, the stream then throws it. */
  readonly end: (error?: Error) => void;
  /** For one reader. `return()` ends the stream immediately, even while `next()` is pending. */
  readonly stream: AsyncGenerator<T, void, undefined>;
}

/** @param onReturn called when the reader returns. */
export function createLatestValue<T>(onReturn: () => void): LatestValue<T> {
  let buffered: { readonly value: T } | null = null;
  let ended: { readonly error: Error | undefined } | null = null;
  let reader: PromiseWithResolvers<IteratorResult<T, void>> | null = null;

  /** Settles the pending `next()`, if any: with the buffered value, or with the end of the stream. */
  const deliver = () => {
    if (!reader) return;
    const { resolve, reject } = reader;
    if (buffered) {
      const { value } = buffered;
      buffered = null;
      resolve({ done: false, value });
    } else if (ended) {
      const { error } = ended;
      // Throws the error once. Further reads get the end of the stream.
      ended = { error: undefined };
      if (error) reject(error);
      else resolve({ done: true, value: undefined });
    } else return;
    reader = null;
  };

  const put: LatestValue<T>["put"] = (value) => {
    if (ended) return;
    buffered = { value };
    deliver();
  };

  const end: LatestValue<T>["end"] = (error) => {
    ended ??= { error };
    deliver();
  };

  const stop = (): Promise<IteratorResult<T, void>> => {
    buffered = null;
    ended = { error: undefined };
    deliver();
    onReturn();
    return Promise.resolve({ done: true, value: undefined });
  };

  const stream: LatestValue<T>["stream"] = {
    next: () => {
      if (reader)
        return Promise.reject(new Error("Expected one reader at a time, got a second call of next()."));
      reader = Promise.withResolvers();
      const { promise } = reader;
      deliver();
      return promise;
    },
    return: stop,
    throw: stop,
    [Symbol.asyncIterator]: () => stream,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };

  return { put, end, stream };
}
