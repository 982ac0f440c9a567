/** The benchmark: `npm run bench`. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CONTESTANTS } from "./catalogue.ts";
import { measure, type RunOptions } from "./measure.ts";
import { workloadTable } from "./report/workload-table.ts";
import { WORKLOADS } from "./workloads.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    servers: { type: "string" },
    rounds: { type: "string", default: "3" },
    requests: { type: "string" },
    env: { type: "string", multiple: true, default: [] },
  },
});
execFileSync("npm", ["run", "--silent", "build"], {
  cwd: fileURLToPath(new URL("..", import.meta.url)),
  stdio: "inherit",
});
const options: RunOptions = {
  servers: values.servers?.split(",") ?? CONTESTANTS.map(({ name }) => name),
  rounds: Number(values.rounds),
  requests: values.requests === undefined ? null : Number(values.requests),
  environment: Object.fromEntries(values.env.map((pair) => pair.split("=", 2))),
  profileFolder: null,
};
const only = values.only?.split(",");
for (const workload of WORKLOADS.filter(({ name }) => only?.includes(name) ?? true)) {
  const measured = await measure(workload, options);
  process.stdout.write(`\n### ${workload.title}\n\n${workloadTable(measured)}\n`);
}
