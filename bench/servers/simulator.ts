/**
 * The upstream: the project's simulator with a counter. It sends `{url}` to its parent when it listens, and answers
 * each message with the number of calls since the previous one, `{calls}`.
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
