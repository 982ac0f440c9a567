/**
 * A stream that keeps at most one value which nobody has taken yet: the newest. However slow its reader, what waits
 * for it stays one value.
 */

export interface Latest<T> {
  /** Takes the place of a value that was not taken. Nothing happens once the stream has ended. */
  readonly put: (value: T) => void;
  /** The stream ends, after the value that is still to be taken. With an error: by throwing that. */
  readonly end: (error?: Error) => void;
  /** For one reader. `return()` ends it at once, also while `next()` waits. */
  readonly stream: AsyncGenerator<T, void, undefined>;
}

/** @param onReturn called once, when the reader wants no more. */
export function createLatest<T>(onReturn: () => void): Latest<T> {
  let waiting: { readonly value: T } | null = null;
  let end: { readonly error: Error | undefined } | null = null;
  let reader: PromiseWithResolvers<IteratorResult<T, void>> | null = null;

  /** Gives the reader what there is, if it waits for something and there is. */
  const deliver = () => {
    if (!reader) return;
    const { resolve, reject } = reader;
    if (waiting) {
      const { value } = waiting;
      waiting = null;
      resolve({ done: false, value });
    } else if (end) {
      const { error } = end;
      // An error is told once; after it there is only the end.
      end = { error: undefined };
      if (error) reject(error);
      else resolve({ done: true, value: undefined });
    } else return;
    reader = null;
  };

  const put: Latest<T>["put"] = (value) => {
    if (end) return;
    waiting = { value };
    deliver();
  };

  const stop: Latest<T>["end"] = (error) => {
    end ??= { error };
    deliver();
  };

  const giveUp = (): Promise<IteratorResult<T, void>> => {
    waiting = null;
    end = { error: undefined };
    deliver();
    onReturn();
    return Promise.resolve({ done: true, value: undefined });
  };

  const stream: Latest<T>["stream"] = {
    next: () => {
      if (reader) return Promise.reject(new Error("Expected one reader at a time, got a second."));
      reader = Promise.withResolvers();
      const { promise } = reader;
      deliver();
      return promise;
    },
    return: giveUp,
    throw: giveUp,
    [Symbol.asyncIterator]: () => stream,
    [Symbol.asyncDispose]: async () => void (await giveUp()),
  };

  return { put, end: stop, stream };
}
