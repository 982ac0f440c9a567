/** One long-lived gateway over one simulator, and what each step of a sequence shows of them. */
import type { SimulatedRequest } from "../../src/simulator/simulator.ts";
import { startGateway, withLive } from "../support/gateway.ts";
import { CAN_BE_ASKED_AGAIN, faultInCalls, type KnownOf, type Required } from "./checks.ts";
import type { Window } from "./compare.ts";
import { createContentTypes } from "./content-types.ts";
import type { Asked, Step } from "./draw-steps.ts";
import { lookupKey } from "./identities.ts";
import { createMemory } from "./memory.ts";
import { createRequirements } from "./required.ts";
import { type Answer, createTransports } from "./transports.ts";
import { lieIn } from "./truth.ts";
import { callKey, jobPathOf, outcomeOf, scriptUpstream, statusOf, type Versions } from "./upstream.ts";

/** An answer, and what it may be of. */
export interface Observation {
  readonly asked: Asked;
  readonly answer: Answer;
  /** What is wrong already, without the reference. */
  readonly faults: readonly string[];
  /** The jobs' versions that the answer may be of, the likeliest first. */
  readonly candidates: readonly Versions[];
  readonly window: Window;
}

export interface Trial {
  readonly perform: (step: Step) => Promise<Observation[]>;
  /** Lines that the gateway has logged because something is wrong with itself. */
  readonly logs: readonly Record<string, unknown>[];
  readonly close: () => Promise<void>;
}

export interface TrialOptions {
  /** Whether the gateway keeps snapshots, for longer than a sequence lasts: then time has no part in it. */
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
    // Among them those that came since the step before.
    const calls = gateway.simulator.requests.splice(0);
    const knownOf: KnownOf = hasSnapshots ? memory.find : () => null;
    memory.noteLate(
      required.flatMap((one, index) => (isAnsweredAtOnce(one, answers[index]) ? keysOf(one) : [])),
    );
    const faultOfCalls = faultInCalls(required, calls, knownOf, memory.mayBeLate);
    const observations = required.map((one, index): Observation => {
      const { asked } = one;
      const answer = answers[index] ?? { result: {}, contentTypes: [] };
      const faults = [
        faultOfCalls?.of === one ? faultOfCalls.what : null,
        contentTypes.faultIn(asked, answer),
        lieIn(answer.result, firstOf(asked)),
        memory.regressIn(asked, answer),
      ];
      return {
        asked,
        answer,
        faults: faults.filter((fault) => fault !== null),
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
      // Of reads at the same time either may be the later one.
      memory.noteAnswer(asked, answer, step.asked.length === 1 ? Infinity : sentAt);
    }
    const versionAt = (call: SimulatedRequest) => sentVersions.get(call) ?? 0;
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

/** An operation that fails as a whole does not wait for its lookups, and a subscription may poll on for a moment. */
const isAnsweredAtOnce = ({ asked }: Required, answer: Answer | undefined): boolean =>
  asked.isLive || (answer?.result.data ?? null) === null;

/** Which versions of its jobs an answer may tell of. @param isShared whether a call may be another operation's. */
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
    if (isMade && CAN_BE_ASKED_AGAIN.test(path)) {
      // What failed for its rows may have been served without them from an earlier call.
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
