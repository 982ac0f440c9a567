/** The simulator in its own process. */
import type { Dialect } from "../../src/simulator/simulator.ts";
import type { UpstreamCalls } from "../load/live.ts";
import { startWorker } from "./worker-process.ts";

/** @template Calls what is counted of upstream calls. */
export interface SimulatorProcess<Calls = number> {
  readonly url: string;
  /** Upstream calls since the previous call of this. */
  readonly takeCalls: () => Promise<Calls>;
  readonly stop: () => void;
}

export async function startSimulator(dialect: Dialect): Promise<SimulatorProcess> {
  const worker = startWorker(new URL("../servers/simulator.ts", import.meta.url), {
    SIMULATOR_DIALECT: dialect,
  });
  const { url } = await worker.receive<{ url: string }>();
  return {
    url,
    takeCalls: async () => (await worker.ask<{ calls: number }>({})).calls,
    stop: worker.stop,
  };
}

/** The simulator whose jobs keep changing. */
export async function startLiveSimulator(): Promise<SimulatorProcess<UpstreamCalls>> {
  const worker = startWorker(new URL("../servers/live-simulator.ts", import.meta.url));
  const { url } = await worker.receive<{ url: string }>();
  return { url, takeCalls: () => worker.ask<UpstreamCalls>({}), stop: worker.stop };
}
