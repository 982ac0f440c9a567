/** One long-lived gateway over one simulator, and what each step of a sequence shows of them. */
import type { SimulatedRequest } from "../../src/simulator/simulator.ts";
import { startGateway, withLive } from "../support/gateway.ts";
import { faultInCalls, isOf, type Required } from "./checks.ts";
import type { Window } from "./compare.ts";
import { createContentTypes } from "./content-types.ts";
import type { Asked, Step } from "./draw-steps.ts";
import { createMemory } from "./memory.ts";
import { createRequirements } from "./required.ts";
import { type Answer, createTransports } from "./transports.ts";
import { lieIn } from "./truth.ts";
import { hasOutcome, type JobPath, jobPathOf, scriptUpstream, type Versions } from "./upstream.ts";

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

export async function createTrial({ hasSnapshots }: TrialOptions): Promise<Trial> {
  const maxAgeMs = hasSnapshots ? LONG_MS : 0;
  const gateway = await startGateway({
    config: {
      ...withLive({}).config,
      logLevel: "error",
      snapshots: { maxAgeRunningMs: maxAgeMs, maxAgeFinishedMs: maxAgeMs, maxBytes: 2 ** 28 },
    },
  });
  let versions: Versions = {};
  scriptUpstream(gateway.simulator, (path) => versions[path] ?? 0);
  const transports = createTransports(gateway.url);
  const requirementsOf = createRequirements();
  const contentTypes = createContentTypes();
  const memory = createMemory();
  const startedAt = Date.now();

  const perform: Trial["perform"] = async (step) => {
    versions = step.versions;
    gateway.simulator.requests.length = 0;
    const required: Required[] = await Promise.all(
      step.asked.map(async (asked) => ({ asked, requirements: await requirementsOf(asked.operation) })),
    );
    const from = hasSnapshots ? startedAt : Date.now();
    const answers = await Promise.all(step.asked.map(transports.send));
    const window = { from, to: Date.now() };
    const calls = [...gateway.simulator.requests];
    const faultOfStep = faultInCalls(required, calls, (identity, path) =>
      hasSnapshots ? memory.find(identity, path) : null,
    );
    const faultyIndex = required.findIndex(({ requirements }) => requirements.has(faultOfStep?.path ?? ""));
    const observations = required.map(({ asked, requirements }, index): Observation => {
      const answer = answers[index] ?? { result: {}, contentTypes: [] };
      const faults = [
        faultOfStep && index === Math.max(0, faultyIndex) ? faultOfStep.what : null,
        contentTypes.faultIn(asked, answer),
        lieIn(answer.result, firstOf(asked)),
        memory.regressIn(asked, answer),
      ];
      return {
        asked,
        answer,
        faults: faults.filter((fault) => fault !== null),
        candidates: candidatesOf(asked, [...requirements.keys()], calls, required.length === 1),
        window,
      };
    });
    for (const { asked, answer } of observations) memory.noteAnswer(asked, answer);
    memory.noteCalls(
      calls.filter((call) => hasOutcome(call, versionAt(call))),
      versionAt,
    );
    return observations;
  };

  const versionAt = (call: SimulatedRequest) => versions[jobPathOf(call)] ?? 0;

  /** Which versions of its jobs an answer may tell of. */
  const candidatesOf = (
    { identity, isFresh }: Asked,
    paths: readonly JobPath[],
    calls: readonly SimulatedRequest[],
    isAlone: boolean,
  ): readonly Versions[] => {
    const now: Versions = Object.fromEntries(paths.map((path) => [path, versions[path] ?? 0]));
    let candidates: readonly Versions[] = [now];
    for (const path of hasSnapshots && !isFresh ? paths : []) {
      const known = memory.find(identity, path);
      if (!known || known.version === now[path]) continue;
      const isMade = calls.some((call) => isOf(call, identity) && jobPathOf(call) === path);
      if (isMade && isAlone) continue;
      const earlier = candidates.map((one) => ({ ...one, [path]: known.version }));
      // The call may be that of another request.
      candidates = isMade ? [...candidates, ...earlier].slice(0, MAX_CANDIDATES) : earlier;
    }
    return candidates;
  };

  const close = async () => {
    await transports.close();
    await gateway.close();
  };

  return { perform, logs: gateway.logs, close };
}

const MAX_CANDIDATES = 16;

const DEFAULT_FIRST = 10_000;
const firstOf = ({ operation }: Asked): number => Number(operation.variables?.first ?? DEFAULT_FIRST);
