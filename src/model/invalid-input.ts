/** Input of a caller that cannot be served. The message says what was expected, what came and what to do. */
export class InvalidInput extends Error {
  override readonly name = "InvalidInput";
}
