/** The end of a stream that is not the end of what it reports. */

/**
 * The gateway ends a stream before the job has finished, because it shuts down. Transports end the stream in the way
 * from which their clients conclude that they should connect again, never with a "complete".
 */
export class StreamInterrupted extends Error {
  override readonly name = "StreamInterrupted";
  readonly code = "SHUTTING_DOWN";

  constructor() {
    super("The gateway is shutting down. Connect again, to this address or to another instance.");
  }
}
