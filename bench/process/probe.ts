/** Reads how long the event loop of a server under `probed.ts` was blocked. */
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

export interface Probe {
  /** Arguments and environment with which a server's script is started under the probe. */
  readonly args: (script: string) => string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Longest block of the event loop since the previous call, in milliseconds. */
  readonly takeBlockedMs: () => Promise<number>;
  readonly remove: () => void;
}

const LAUNCHER = fileURLToPath(new URL("probed.ts", import.meta.url));

export function createProbe(): Probe {
  const folder = mkdtempSync(join(tmpdir(), "bench-probe-"));
  const path = join(folder, "socket");
  return {
    args: (script) => [LAUNCHER, script],
    environment: { PROBE_SOCKET: path },
    takeBlockedMs: async () => {
      // The type that `probed.ts` sends.
      const { maxMs } = JSON.parse(await text(connect(path))) as { readonly maxMs: number };
      return maxMs;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
