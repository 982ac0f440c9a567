/** Measures memory after garbage collection. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage: (options?: { readonly type: "minor" }) => void = runInNewContext("gc");

/** Collects garbage among new objects, as V8 does every few milliseconds under load. What survives twice is old. */
export function collectYoungGarbage(): void {
  for (let round = 0; round < 2; round += 1) collectGarbage({ type: "minor" });
}

/** Bytes of the heap in use once garbage is collected and pending callbacks have run. */
export async function heapBytes(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}
