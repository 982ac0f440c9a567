/** Generators that hear of their end. */

/**
 * `generator`, which is about to take from `source`, so that its `return()` ends `source` first. A generator that waits
 * for something would otherwise not return before that has come, which can be never.
 * @param onReturn called by `return()`, also when the generator was never started and so runs no `finally`.
 */
export function endedWith<T>(
  generator: AsyncGenerator<T, void, undefined>,
  source: AsyncGenerator<unknown, void, undefined>,
  onReturn: () => void = () => {},
): AsyncGenerator<T, void, undefined> {
  const finish = generator.return.bind(generator);
  const end: typeof generator.return = async (value) => {
    onReturn();
    await source.return();
    return finish(value);
  };
  return Object.assign(generator, { return: end });
}
