/** Errors that several layers throw or recognize. */
import type { JobInstanceNotFound, PermissionDenied } from "./job-instance.ts";

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

/** A router asks for a job that does not exist, or that the user has no permission for. */
export class EntityUnavailable extends Error {
  override readonly name = "EntityUnavailable";
  readonly code: "JOB_INSTANCE_NOT_FOUND" | "PERMISSION_DENIED";

  constructor({ kind, message }: JobInstanceNotFound | PermissionDenied) {
    super(message);
    this.code = kind === "denied" ? "PERMISSION_DENIED" : "JOB_INSTANCE_NOT_FOUND";
  }
}
