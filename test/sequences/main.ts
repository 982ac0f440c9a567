/** `npm run sequences -- --operations 20000 --seed 42`: runs random sequences of any length. */
import { parseArgs } from "node:util";
import { createReference } from "./reference-client.ts";
import { describeReport, summarizeDifferences } from "./report.ts";
import { runSequence } from "./sequence.ts";

const { values } = parseArgs({
  options: {
    operations: { type: "string", default: "20000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    snapshots: { type: "string", default: "both" },
    /** Stops after this number of differences. */
    differences: { type: "string", default: "1" },
  },
});

const seed = Number(values.seed);
const reference = createReference();
for (const hasSnapshots of [false, true]) {
  if (values.snapshots !== "both" && values.snapshots !== (hasSnapshots ? "on" : "off")) continue;
  console.log(`seed ${seed}, ${values.operations} operations, snapshots ${hasSnapshots ? "on" : "off"}`);
  const options = {
    seed,
    reference,
    hasSnapshots,
    operations: Number(values.operations),
    maxDifferences: Number(values.differences),
  };
  let next = 1_000;
  const report = await runSequence({
    ...options,
    onProgress: (count) => {
      if (count >= next) {
        console.log(`${count} operations`);
        next += 1_000;
      }
    },
  });
  console.log(describeReport(report, options));
  if (report.differences.length > 1) console.log(summarizeDifferences(report.differences));
  if (report.differences.length > 0) process.exitCode = 1;
}
reference.close();
