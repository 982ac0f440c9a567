/** Deadlines of callers: how long a caller waits for its response. */
import { NO_ERROR_DETAILS, UpstreamError } from "./upstream-error.ts";

export interface Deadline {
  /** The caller's remaining time when its request arrived, in milliseconds. */
  readonly ms: number;
  /** When it ends, by `performance.now()`. */
  readonly at: number;
}

export const createDeadline = (ms: number): Deadline => ({ ms, at: performance.now() + ms });

/** The error of a caller whose deadline has passed. */
export const deadlineError = ({ ms }: Deadline): UpstreamError =>
  new UpstreamError(
    "UPSTREAM_TIMEOUT",
    `The upstream did not respond within the ${ms} ms of the request's deadline.`,
    NO_ERROR_DETAILS,
    null,
    "gateway",
    "X-Request-Deadline-Ms",
  );
