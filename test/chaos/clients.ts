/** Clients that send queries, one after the other, each with one identity. */
import type { Actor, Chaos } from "./chaos.ts";
import type { Choices } from "./choices.ts";
import { exchange } from "./exchange.ts";
import { IDENTITIES, type Identity, STRANGERS } from "./identities.ts";
import type { Run } from "./instances.ts";
import { pause } from "./pause.ts";
import { drawQuery, sendQuery } from "./queries.ts";

const MAX_PAUSE_MS = 120;

/** Mostly of identities with permissions. */
export const createClient =
  (index: number): Actor =>
  async (chaos, choices, stopped) => {
    const identity = IDENTITIES[index % IDENTITIES.length] as Identity;
    while (!stopped.aborted) {
      const { run } = choices.pick(chaos.instances);
      const query = drawQuery(chaos, choices, choices.chance(0.03) ? choices.pick(STRANGERS) : identity);
      if (choices.chance(0.02)) await sendGarbage(chaos, choices, run());
      else await sendQuery(chaos, run(), query);
      await pause(choices.between(0, MAX_PAUSE_MS), stopped);
    }
  };

const GARBAGE = ["{", "[]", "null", '{"query":"{"}', '{"query":"{ nothing }"}', "\u0000"];

/** A request that no client may get a result for. */
async function sendGarbage({ report }: Chaos, choices: Choices, run: Run): Promise<void> {
  const body = choices.pick(GARBAGE);
  const headers = { "content-type": "application/json" };
  report.count("queries", "invalid");
  const result = await exchange(run, { method: "POST", path: "", headers, body }, "polite");
  report.count("exchanges", result.kind);
  if (result.kind === "answered" && /"code":"[A-Z_]+"/.test(result.text) && !result.text.includes('"data":{'))
    return;
  if (result.kind === "failed" && run.ending) return;
  report.violate("An invalid request without an error", { run: run.name, body, result });
}
