/** Generators that hear of their end. */

/**
 * `generator`, which is about to take from `source`, so that its `return()` ends `source` first. A generator that waits
 * for something would otherwise not return before that has come, which can be never.
 */
export function endedWith<T>(
  generator: AsyncGenerator<T, void, undefined>,
  source: AsyncGenerator<unknown, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  const finish = generator.return.bind(generator);
  const end: typeof generator.return = async (value) => {
    await source.return();
    return finish(value);
  };
  return Object.assign(generator, { return: end });
}
