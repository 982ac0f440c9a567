/** Memory of prepared operations with many different documents. */
import { expect, it } from "vitest";
import { createPlanner } from "../../src/graphql/executor/planner.ts";
import { createPrepare } from "../../src/graphql/operation/prepare.ts";
import { isInvalid } from "../../src/graphql/operation/request-errors.ts";
import { createSchema } from "../../src/graphql/schema.ts";
import { jobField, onJob } from "../support/ask.ts";
import { heapBytes } from "../support/garbage.ts";
import { DOCUMENT_LIMITS } from "../support/limits.ts";

const schema = createSchema();
const job = (selection: string) => jobField("100", onJob(selection));
const aliases = (count: number, field: string, text: number) =>
  Array.from({ length: count }, (_, n) => `t${text}_${n}: ${field}`).join(" ");

const MAX_BYTES = 16 * 2 ** 20;

it.each([
  [
    "aliases of rows",
    (text: number) => `{ ${job(`steps { hostResults { nodes { ${aliases(2_500, "id", text)} } } }`)} }`,
  ],
  ["aliases of a job", (text: number) => `{ ${job(aliases(2_500, "name", text))} }`],
  ["arguments", (text: number) => `{ ${job(aliases(700, 'step(stepInstanceId: "1") { name }', text))} }`],
  [
    "conditions",
    (text: number) => `query($v: Boolean!) { ${job(aliases(900, "name @skip(if: $v)", text))} }`,
  ],
  [
    "operations",
    (text: number) =>
      Array.from({ length: 50 }, (_, n) => `query T${text}_${n} { ${job("name status")} }`).join(" "),
  ],
])(
  "stays within its limit for %s",
  async (_what, textOf) => {
    const { prepare } = createPrepare({
      schema,
      createPlan: createPlanner(schema),
      maxBytes: MAX_BYTES,
      limits: { ...DOCUMENT_LIMITS, maxAliases: 2_500, maxDirectives: 900 },
    });
    const run = (text: number) => {
      const name = textOf(text).startsWith("query T") ? `T${text}_0` : null;
      const prepared = prepare(textOf(text), name);
      if (isInvalid(prepared)) throw new Error(JSON.stringify(prepared.errors));
      for (const v of [true, false]) prepared.planFor({ v });
    };
    run(0);
    const before = await heapBytes();
    for (let text = 1; text <= 30; text++) run(text);
    expect((await heapBytes()) - before).toBeLessThan(MAX_BYTES);
    // Unlimited, they would take several times as much.
    expect(prepare(textOf(1), "missing")).toHaveProperty("errors");
  },
  120_000,
);
