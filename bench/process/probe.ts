/** Reads how long the event loop of a server under `probed.ts` was blocked. */
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** The longest block of an event loop, in milliseconds. */
export interface Block {
  readonly ms: number;
  /** CPU time of the thread in the block that used most. */
  readonly cpuMs: number;
}

export interface Probe {
  /** Arguments and environment with which a server's script is started under the probe. */
  readonly args: (script: string) => string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Longest block of the event loop since the previous call. */
  readonly takeBlock: () => Promise<Block>;
  readonly remove: () => void;
}

const LAUNCHER = fileURLToPath(new URL("probed.ts", import.meta.url));

export function createProbe(): Probe {
  const folder = mkdtempSync(join(tmpdir(), "bench-probe-"));
  const path = join(folder, "socket");
  return {
    args: (script) => [LAUNCHER, script],
    environment: { PROBE_SOCKET: path },
    takeBlock: async () => {
      // The type that `probed.ts` sends.
      const sent = JSON.parse(await text(connect(path))) as {
        readonly maxMs: number;
        readonly maxCpuMs: number;
      };
      return { ms: sent.maxMs, cpuMs: sent.maxCpuMs };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
