/** References to jobs, checked before anything is asked of the upstream. */

import { InvalidInput } from "../model/errors.ts";
import { MAX_INT64 } from "../model/int64.ts";
import type { JobRef } from "../model/job-instance.ts";
import type { JobInstanceRef } from "../model/sdl.generated.ts";
import { SCOPE_TYPES } from "../model/status.ts";

const RAW_SCOPE_TYPES = new Map([...SCOPE_TYPES].map(([raw, name]) => [name, raw]));

/** @throws InvalidInput for a reference that no job can have. */
export function parseJobRef({ scopeType, scopeId, jobInstanceId }: JobInstanceRef): JobRef {
  const typeRaw = RAW_SCOPE_TYPES.get(scopeType);
  if (typeRaw === undefined) {
    const known = [...RAW_SCOPE_TYPES.keys()].join(" or ");
    throw new InvalidInput(`Expected \`scopeType\` to be ${known}, got ${scopeType}.`);
  }
  if (scopeId.trim() === "") {
    throw new InvalidInput(
      "Expected `scopeId` to be the ID of a business or business set, got an empty text.",
    );
  }
  if (!/^[1-9]\d{0,18}$/.test(jobInstanceId) || BigInt(jobInstanceId) > MAX_INT64) {
    const shown = JSON.stringify(jobInstanceId.slice(0, 40));
    throw new InvalidInput(
      `Expected \`jobInstanceId\` to be a positive 64-bit integer in decimal, got ${shown}.`,
    );
  }
  return { scope: { typeRaw, id: scopeId }, jobInstanceId };
}
