/**
 * The upstream: the project's simulator, with a counter. Speaks to its parent: says `{url}` once it listens, and
 * answers each message with the calls since the one before, `{calls}`.
 */
import { createSimulator } from "../../src/simulator/simulator.ts";

const dialect = process.env.SIMULATOR_DIALECT === "contract" ? "contract" : "release";
const simulator = await createSimulator({ dialect, recordRequests: true });

process.on("message", () => {
  process.send?.({ calls: simulator.requests.length });
  simulator.requests.length = 0;
});
process.on("disconnect", () => process.exit(0));
process.send?.({ url: simulator.url });
