/** Checks of a step's upstream calls without the reference. */
import type { SimulatedRequest } from "../../src/simulator/simulator.ts";
import type { Asked } from "./draw-steps.ts";
import { type Identity, lookupKey } from "./identities.ts";
import type { RequiredData, Requirements } from "./required.ts";
import { asksForHosts, callKey, type JobPath } from "./upstream.ts";

/** A request of a step with its requirements. */
export interface Required {
  readonly asked: Asked;
  readonly requirements: Requirements;
}

/** Knowledge about a job from earlier steps, for one identity. */
export interface Known {
  readonly version: number;
  /** Whether the latest outcome has host results. */
  readonly hasHosts: boolean;
}

/** The results of earlier calls; null if nothing may be cached. */
export type KnownOf = (identity: Identity, path: JobPath) => Known | null;

/** Jobs for which the number of calls can differ: a call that failed for its rows can be repeated without them. */
export const CAN_BE_CALLED_AGAIN = /\/(804|805|807|20000090504)$/;

/** Maximum number of calls for one lookup, as in the gateway. */
const MAX_CALLS = 3;

export interface CallFault {
  /** The first request for the job of the calls. */
  readonly of: Required;
  readonly what: string;
}

/**
 * The first error in the upstream calls of a step, or null.
 * @param isCachedProblem whether a call returned a problem, which is then cached for requests that need host results,
 *   too.
 */
export function errorInCalls(
  step: readonly Required[],
  calls: readonly SimulatedRequest[],
  knownOf: KnownOf,
  mayBeLate: (key: string) => boolean,
  isCachedProblem: (call: SimulatedRequest) => boolean,
): CallFault | null {
  const left = new Set(calls.filter((call) => !mayBeLate(callKey(call))));
  for (const identity of new Set(step.map(({ asked }) => asked.identity))) {
    const required = step.filter(({ asked }) => asked.identity === identity);
    const paths = new Set(required.flatMap(({ requirements }) => [...requirements.keys()]));
    for (const path of paths) {
      const key = lookupKey(identity, path);
      // Its calls cannot be distinguished from those of an earlier step.
      if (mayBeLate(key)) continue;
      const made = [...left].filter((call) => callKey(call) === key);
      for (const call of made) left.delete(call);
      const wanted = required.flatMap(({ asked, requirements }) => {
        const needs = requirements.get(path);
        return needs ? [{ needs, asked }] : [];
      });
      const known = identity.authorization === null ? null : knownOf(identity, path);
      const what = errorInCallsOf(path, wanted, made, known, isCachedProblem);
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

/** The first error in the calls of one identity for one job, or null. */
function errorInCallsOf(
  path: JobPath,
  wanted: readonly Wanted[],
  made: readonly SimulatedRequest[],
  known: Known | null,
  isCachedProblem: (call: SimulatedRequest) => boolean,
): string | null {
  const [first] = wanted;
  if (!first || first.asked.identity.authorization === null)
    return made.length > 0 ? `expected no call for ${path} without credentials, got ${made.length}` : null;
  const withHosts = made.filter(asksForHosts).length;
  const shown = `${made.length} calls for ${path}, ${withHosts} of them with host results`;
  const count = (...needs: RequiredData[]) => wanted.filter((one) => needs.includes(one.needs)).length;
  const isServed = ({ needs, asked }: Wanted) =>
    known !== null && !asked.isFresh && (known.hasHosts || needs !== "hosts");
  // Subscriptions share polls and repeat those that fail. Data with an error may not have been requested.
  const isLive = wanted.some(({ asked }) => asked.isLive);
  const missing = wanted.filter((one) => !isServed(one) && !one.asked.isLive && one.needs !== "either");
  // One call can serve all simultaneous requests. An operation that fails as a whole is answered at once.
  const atLeast = Math.min(1, missing.length);
  // A call with host results is repeated if a simultaneous call for the status overtakes it.
  const canBeOvertaken = count("hosts", "either") > 0 && count("status", "either") > 0;
  const callsPerRequest = canBeOvertaken ? MAX_CALLS : CAN_BE_CALLED_AGAIN.test(path) ? 2 : 1;
  const atMost = isLive ? Infinity : callsPerRequest * wanted.length;
  if (made.length < atLeast || made.length > atMost)
    return `expected ${atLeast === atMost ? atMost : `${atLeast} to ${atMost}`} calls, got ${shown}`;
  if (withHosts > 0 && count("hosts", "either") === 0)
    return `expected no call with host results that nobody selects, got ${shown}`;
  // One of simultaneous requests can be served by the result of another one.
  const isProblemKnown = wanted.length > 1 && made.some(isCachedProblem);
  if (missing.some(({ needs }) => needs === "hosts") && withHosts === 0 && !isProblemKnown)
    return `expected a call with host results, got ${shown}`;
  if (made.length > withHosts && count("status", "either") === 0 && !CAN_BE_CALLED_AGAIN.test(path))
    return `expected no call without the host results that are selected, got ${shown}`;
  return null;
}
