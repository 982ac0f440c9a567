/** Checks the Dockerfile with the linter of the Docker extensions of editors. */
import { readFileSync } from "node:fs";
import { validate } from "dockerfile-utils";

const text = readFileSync(new URL("../../Dockerfile", import.meta.url), "utf8");
const problems = validate(text);
for (const { range, message } of problems) {
  process.stderr.write(`Dockerfile:${range.start.line + 1}: ${message}\n`);
}
if (problems.length > 0) process.exit(1);
process.stdout.write("The Dockerfile is valid.\n");
