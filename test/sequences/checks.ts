/** What can be said of a step's answers and upstream calls without the reference. */
import type { SimulatedRequest } from "../../src/simulator/simulator.ts";
import type { Asked } from "./draw-steps.ts";
import { type Identity, lookupKey } from "./identities.ts";
import type { RequiredData, Requirements } from "./required.ts";
import { asksForHosts, callKey, type JobPath } from "./upstream.ts";

/** A request of a step with what it requires. */
export interface Required {
  readonly asked: Asked;
  readonly requirements: Requirements;
}

/** What is known of a job from earlier steps, for one identity. */
export interface Known {
  readonly version: number;
  /** Whether the latest outcome came with host results. */
  readonly hasHosts: boolean;
}

/** What earlier calls have brought; null where nothing may be kept. */
export type KnownOf = (identity: Identity, path: JobPath) => Known | null;

/** Jobs at which the number of calls can differ: what failed for the rows can be asked for again without them. */
export const CAN_BE_ASKED_AGAIN = /\/(804|805|807|20000090504)$/;

export interface CallFault {
  /** The first request that names the job which the calls are for. */
  readonly of: Required;
  readonly what: string;
}

/** What is wrong with the upstream calls of a step; null when nothing is. */
export function faultInCalls(
  step: readonly Required[],
  calls: readonly SimulatedRequest[],
  knownOf: KnownOf,
  mayBeLate: (key: string) => boolean,
): CallFault | null {
  const left = new Set(calls.filter((call) => !mayBeLate(callKey(call))));
  for (const identity of new Set(step.map(({ asked }) => asked.identity))) {
    const required = step.filter(({ asked }) => asked.identity === identity);
    const paths = new Set(required.flatMap(({ requirements }) => [...requirements.keys()]));
    for (const path of paths) {
      const key = lookupKey(identity, path);
      // Its calls cannot be told apart from those of an earlier step.
      if (mayBeLate(key)) continue;
      const made = [...left].filter((call) => callKey(call) === key);
      for (const call of made) left.delete(call);
      const wanted = required.flatMap(({ asked, requirements }) => {
        const needs = requirements.get(path);
        return needs ? [{ needs, asked }] : [];
      });
      const known = identity.authorization === null ? null : knownOf(identity, path);
      const what = faultInCallsOf(path, wanted, made, known);
      const of = required.find(({ requirements }) => requirements.has(path));
      if (what && of) return { of, what };
    }
  }
  const [[of], [other]] = [step, [...left]];
  return of && other ? { of, what: `expected no call with ${callKey(other)}` } : null;
}

interface Wanted {
  readonly needs: RequiredData;
  readonly asked: Asked;
}

/** Calls of one identity for one job. */
function faultInCallsOf(
  path: JobPath,
  wanted: readonly Wanted[],
  made: readonly SimulatedRequest[],
  known: Known | null,
): string | null {
  const [first] = wanted;
  if (!first || first.asked.identity.authorization === null)
    return made.length > 0 ? `expected no call for ${path} without credentials, got ${made.length}` : null;
  const withHosts = made.filter(asksForHosts).length;
  const shown = `${made.length} calls for ${path}, ${withHosts} of them with host results`;
  const count = (...needs: RequiredData[]) => wanted.filter((one) => needs.includes(one.needs)).length;
  const isServed = ({ needs, asked }: Wanted) =>
    known !== null && !asked.isFresh && (known.hasHosts || needs !== "hosts");
  // Subscriptions share polls and repeat those that fail. What an error is about may never have been asked for.
  const isLive = wanted.some(({ asked }) => asked.isLive);
  const missing = wanted.filter((one) => !isServed(one) && !one.asked.isLive && one.needs !== "either");
  // One call can serve all that ask at the same time. An operation that fails as a whole is answered at once.
  const atLeast = Math.min(1, missing.length);
  const atMost = isLive ? Infinity : CAN_BE_ASKED_AGAIN.test(path) ? 2 * wanted.length : wanted.length;
  if (made.length < atLeast || made.length > atMost)
    return `expected ${atLeast === atMost ? atMost : `${atLeast} to ${atMost}`} calls, got ${shown}`;
  if (withHosts > 0 && count("hosts", "either") === 0)
    return `expected no call with host results that nobody selects, got ${shown}`;
  if (missing.some(({ needs }) => needs === "hosts") && withHosts === 0)
    return `expected a call with host results, got ${shown}`;
  if (made.length > withHosts && count("status", "either") === 0 && !CAN_BE_ASKED_AGAIN.test(path))
    return `expected no call without the host results that are selected, got ${shown}`;
  return null;
}
