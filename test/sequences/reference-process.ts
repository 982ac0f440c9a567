/** The process of the reference: answers questions one after the other, over a simulator of its own. */
import { createSimulator } from "../../src/simulator/simulator.ts";
import { OBSERVED_AT } from "./compare.ts";
import { runReference } from "./reference.ts";
import type { Question } from "./reference-client.ts";
import { asksForHosts, jobPathOf, scriptUpstream, statusOf, type Versions } from "./upstream.ts";

// Everything is read at one fixed time, so that comparisons can recognize values that depend on it.
Date.now = () => OBSERVED_AT;

const simulator = await createSimulator();
let versions: Versions = {};
scriptUpstream(simulator, (call) => {
  const path = jobPathOf(call);
  return (asksForHosts(call) ? undefined : versions[statusOf(path)]) ?? versions[path] ?? 0;
});

const answer = async (text: string): Promise<string> => {
  // The parent writes nothing else.
  const question = JSON.parse(text) as Question;
  versions = question.versions;
  return JSON.stringify(
    await runReference(question.operation, question.identity, simulator.url, question.assumption),
  );
};

let previous = Promise.resolve();
process.on("message", (text: string) => {
  previous = previous.then(async () => void process.send?.(await answer(text)));
  previous.catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
process.on("disconnect", () => process.exit());
