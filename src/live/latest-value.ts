/**
 * A stream that buffers at most one value: the latest. However slow its reader, what waits for it stays one value.
 */

export interface LatestValue<T> {
  /** Replaces a value that was not read yet. Does nothing once the stream has ended. */
  readonly put: (value: T) => void;
  /** Ends the stream after the value that is still to be read. With an error: by throwing that. */
  readonly end: (error?: Error) => void;
  /** For one reader. `return()` ends it at once, also while `next()` waits. */
  readonly stream: AsyncGenerator<T, void, undefined>;
}

/** @param onReturn called once, when the reader wants no more. */
export function createLatestValue<T>(onReturn: () => void): LatestValue<T> {
  let buffered: { readonly value: T } | null = null;
  let ended: { readonly error: Error | undefined } | null = null;
  let reader: PromiseWithResolvers<IteratorResult<T, void>> | null = null;

  /** Gives a waiting reader what there is. */
  const deliver = () => {
    if (!reader) return;
    const { resolve, reject } = reader;
    if (buffered) {
      const { value } = buffered;
      buffered = null;
      resolve({ done: false, value });
    } else if (ended) {
      const { error } = ended;
      // An error is thrown once; after it there is only the end.
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
      if (reader) return Promise.reject(new Error("Expected one reader at a time, got a second."));
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
