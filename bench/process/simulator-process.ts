/** The simulator in a process of its own. */
import type { Dialect } from "../../src/simulator/simulator.ts";
import { startWorker } from "./worker-process.ts";

export interface SimulatorProcess {
  readonly url: string;
  /** Upstream calls since this was last asked. */
  readonly takeCalls: () => Promise<number>;
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
