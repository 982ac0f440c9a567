/** The job that the path of the page names: `/jobs/biz/1/20000000002`. */
import { isInt64Id } from "../../model/int64.ts";
import { SCOPE_TYPES } from "../../model/status.ts";
import type { JobInstanceRef } from "./operations.generated.ts";

/** The parts of the path, and the job if they are valid. */
export interface JobPath {
  readonly scopeType: string;
  readonly scopeId: string;
  readonly jobInstanceId: string;
  /** Null if a part is not valid. */
  readonly ref: JobInstanceRef | null;
}

/** Reads the last three segments, because a proxy may serve the page under a prefix. */
export function readJobPath(pathname: string): JobPath {
  const [scopeType = "", scopeId = "", jobInstanceId = ""] = pathname
    .replace(/\/+$/, "")
    .split("/")
    .slice(-3)
    .map(decodeSegment);
  const type = SCOPE_TYPES.get(scopeType);
  const isValid = type !== undefined && isInt64Id(scopeId) && isInt64Id(jobInstanceId);
  const ref = isValid ? ({ scopeType: type, scopeId, jobInstanceId } as const) : null;
  return { scopeType, scopeId, jobInstanceId, ref };
}

/** A segment that is not valid UTF-8 is shown as it is. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
