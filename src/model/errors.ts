/** Errors that several layers throw or recognize. */

/**
 * The caller's input cannot be served. The message names the limit or format that is expected, the input, and the
 * remedy.
 */
export class InvalidInput extends Error {
  override readonly name = "InvalidInput";
}

/**
 * The gateway ends a stream before the job has finished because it is shutting down. Transports end the stream in the
 * way that makes their clients reconnect, never with a normal completion.
 */
export class StreamInterrupted extends Error {
  override readonly name = "StreamInterrupted";
  readonly code = "SHUTTING_DOWN";

  constructor() {
    super("The gateway is shutting down. Connect again, to this address or to another instance.");
  }
}
