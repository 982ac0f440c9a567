/** Records what each identity has received about each job. */
import type { SimulatedRequest } from "../../src/simulator/simulator.ts";
import type { Known } from "./checks.ts";
import type { Asked } from "./draw-steps.ts";
import { type Identity, lookupKey } from "./identities.ts";
import type { Answer } from "./transports.ts";
import { readingOf } from "./truth.ts";
import { asksForHosts, callKey, type JobPath, outcomeOf } from "./upstream.ts";

export interface Memory {
  /** Knowledge from the latest calls. */
  readonly find: (identity: Identity, path: JobPath) => Known | null;
  /** Records lookups whose calls may arrive several steps after the response of their operation. */
  readonly noteLate: (keys: readonly string[]) => void;
  readonly mayBeLate: (key: string) => boolean;
  /** Records the calls of one step that had an outcome, and ends the step. */
  readonly noteCalls: (
    calls: readonly SimulatedRequest[],
    versionAt: (call: SimulatedRequest) => number,
  ) => void;
  /** An error if a response to the truth document is older than one of an earlier step, or null. */
  readonly regressIn: (asked: Asked, answer: Answer) => string | null;
  /** Records when the data of a response to the truth document were read, at most `notAfter`. */
  readonly noteAnswer: (asked: Asked, answer: Answer, notAfter: number) => void;
}

const MAX_LATE_STEPS = 20;

export function createMemory(): Memory {
  const known = new Map<string, Known>();
  const late = new Map<string, number>();
  let steps = 0;
  const readings = new Map<string, { version: number; observedAt: number }>();

  const readingIn = ({ identity, operation }: Asked, { result }: Answer) => {
    const reading = operation.query.includes("query Truth") ? readingOf(result) : null;
    return reading && { key: lookupKey(identity, JSON.stringify(operation.variables?.ref)), reading };
  };

  return {
    find: (identity, path) => known.get(lookupKey(identity, path)) ?? null,

    noteLate: (keys) => {
      for (const key of keys) late.set(key, steps);
    },
    mayBeLate: (key) => steps - (late.get(key) ?? Number.NEGATIVE_INFINITY) <= MAX_LATE_STEPS,

    noteCalls: (calls, versionAt) => {
      steps += 1;
      for (const [key, together] of Map.groupBy(calls, callKey)) {
        const [call] = together;
        if (!call) continue;
        // The order of simultaneous calls is not known, so rows may be cached. A problem needs no rows.
        const hasHosts = together.some(
          (one) => asksForHosts(one) || outcomeOf(one, versionAt(one)) === "problem",
        );
        known.set(key, { version: versionAt(call), hasHosts });
      }
    },

    regressIn: (asked, answer) => {
      const found = readingIn(asked, answer);
      const before = found && readings.get(found.key);
      if (!found || !before) return null;
      const { version, observedAt } = found.reading;
      return version < before.version || observedAt < before.observedAt
        ? `expected version ${before.version}, read at ${before.observedAt}, or a later one, got ${version}, read at ${observedAt}`
        : null;
    },

    noteAnswer: (asked, answer, notAfter) => {
      const found = readingIn(asked, answer);
      if (!found) return;
      const { version, observedAt } = found.reading;
      const before = readings.get(found.key)?.observedAt ?? 0;
      readings.set(found.key, { version, observedAt: Math.max(before, Math.min(observedAt, notAfter)) });
    },
  };
}
