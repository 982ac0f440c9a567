/** A long-lived gateway on a simulator, and the observations of each step of a sequence. */
import type { SimulatedRequest } from "../../src/simulator/simulator.ts";
import { startGateway, withLive } from "../support/gateway.ts";
import { CAN_BE_CALLED_AGAIN, errorInCalls, type KnownOf, type Required } from "./checks.ts";
import type { Window } from "./compare.ts";
import { createContentTypes } from "./content-types.ts";
import type { Asked, Step } from "./draw-steps.ts";
import { lookupKey } from "./identities.ts";
import { createMemory } from "./memory.ts";
import { createRequirements } from "./required.ts";
import { type Answer, createTransports } from "./transports.ts";
import { errorInTruth } from "./truth.ts";
import { callKey, jobPathOf, outcomeOf, scriptUpstream, statusOf, type Versions } from "./upstream.ts";

/** A response and the states that it can be based on. */
export interface Observation {
  readonly asked: Asked;
  readonly answer: Answer;
  /** Errors found without the reference. */
  readonly errors: readonly string[];
  /** Possible versions of the jobs, the most likely first. */
  readonly candidates: readonly Versions[];
  readonly window: Window;
}

export interface Trial {
  readonly perform: (step: Step) => Promise<Observation[]>;
  /** Log lines of the gateway with the level error. */
  readonly logs: readonly Record<string, unknown>[];
  readonly close: () => Promise<void>;
}

export interface TrialOptions {
  /** Whether the gateway caches snapshots, for longer than a sequence, so that time does not matter. */
  readonly hasSnapshots: boolean;
}

const LONG_MS = 3_600_000;

const startGatewayOfTrial = (maxAgeMs: number) =>
  startGateway({
    config: {
      ...withLive({}).config,
      logLevel: "error",
      snapshots: { maxAgeRunningMs: maxAgeMs, maxAgeFinishedMs: maxAgeMs, maxBytes: 2 ** 28 },
    },
  });

export async function createTrial({ hasSnapshots }: TrialOptions): Promise<Trial> {
  const gateway = await startGatewayOfTrial(hasSnapshots ? LONG_MS : 0);
  let versions: Versions = {};
  const sentVersions = new WeakMap<SimulatedRequest, number>();
  scriptUpstream(gateway.simulator, (call) => {
    const version = versions[jobPathOf(call)] ?? 0;
    sentVersions.set(call, version);
    return version;
  });
  const transports = createTransports(gateway.url);
  const requirementsOf = createRequirements();
  const contentTypes = createContentTypes();
  const memory = createMemory();
  const startedAt = Date.now();

  const perform: Trial["perform"] = async (step) => {
    versions = step.versions;
    const required: Required[] = await Promise.all(
      step.asked.map(async (asked) => ({ asked, requirements: await requirementsOf(asked.operation) })),
    );
    const sentAt = Date.now();
    const answers = await Promise.all(step.asked.map(transports.send));
    const window = { from: hasSnapshots ? startedAt : sentAt, to: Date.now() };
    // Includes calls since the previous step.
    const calls = gateway.simulator.requests.splice(0);
    const knownOf: KnownOf = hasSnapshots ? memory.find : () => null;
    memory.noteLate(
      required.flatMap((one, index) => (isAnsweredAtOnce(one, answers[index]) ? keysOf(one) : [])),
    );
    const versionAt = (call: SimulatedRequest) => sentVersions.get(call) ?? 0;
    const isCachedProblem = (call: SimulatedRequest) =>
      hasSnapshots && outcomeOf(call, versionAt(call)) === "problem";
    const errorOfCalls = errorInCalls(required, calls, knownOf, memory.mayBeLate, isCachedProblem);
    const observations = required.map((one, index): Observation => {
      const { asked } = one;
      const answer = answers[index] ?? { result: {}, contentTypes: [] };
      const errors = [
        errorOfCalls?.of === one ? errorOfCalls.what : null,
        contentTypes.errorIn(asked, answer),
        errorInTruth(answer.result, firstOf(asked)),
        memory.regressIn(asked, answer),
      ];
      return {
        asked,
        answer,
        errors: errors.filter((error) => error !== null),
        candidates: candidatesOf(
          one,
          versions,
          calls,
          knownOf,
          (key) => step.asked.length > 1 || memory.mayBeLate(key),
        ),
        window,
      };
    });
    for (const { asked, answer } of observations) {
      // The order of simultaneous reads is not known.
      memory.noteAnswer(asked, answer, step.asked.length === 1 ? Infinity : sentAt);
    }
    const withOutcome = calls.filter((call) => outcomeOf(call, versionAt(call)) !== null);
    memory.noteCalls(withOutcome, versionAt);
    return observations;
  };

  const close = async () => {
    await transports.close();
    await gateway.close();
  };

  return { perform, logs: gateway.logs, close };
}

const MAX_CANDIDATES = 16;

const keysOf = ({ asked: { identity }, requirements }: Required): string[] =>
  [...requirements.keys()].map((path) => lookupKey(identity, path));

/** An operation that fails as a whole does not wait for its lookups, and a subscription may poll once more. */
const isAnsweredAtOnce = ({ asked }: Required, answer: Answer | undefined): boolean =>
  asked.isLive || (answer?.result.data ?? null) === null;

/** The possible versions of the jobs in a response. @param isShared whether a call can belong to another operation. */
function candidatesOf(
  { asked: { identity, isFresh }, requirements }: Required,
  versions: Versions,
  calls: readonly SimulatedRequest[],
  knownOf: KnownOf,
  isShared: (key: string) => boolean,
): readonly Versions[] {
  const paths = [...requirements.keys()];
  const now: Versions = Object.fromEntries(paths.map((path) => [path, versions[path] ?? 0]));
  let candidates: readonly Versions[] = [now];
  for (const path of isFresh ? [] : paths) {
    const known = knownOf(identity, path);
    if (!known || known.version === now[path]) continue;
    const key = lookupKey(identity, path);
    const isMade = calls.some((call) => callKey(call) === key);
    if (isMade && CAN_BE_CALLED_AGAIN.test(path)) {
      // After an error of its rows, the status may come from an earlier call.
      candidates = [...candidates, ...candidates.map((one) => ({ ...one, [statusOf(path)]: known.version }))];
    }
    if (isMade && !isShared(key)) continue;
    const earlier = candidates.map((one) => ({ ...one, [path]: known.version }));
    candidates = isMade ? [...candidates, ...earlier].slice(0, MAX_CANDIDATES) : earlier;
  }
  return candidates;
}

const DEFAULT_FIRST = 10_000;
const firstOf = ({ operation }: Asked): number => Number(operation.variables?.first ?? DEFAULT_FIRST);
