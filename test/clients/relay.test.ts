/** The compiler of Relay, which has rules of its own for connections, and the documents that it generates. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
// @ts-expect-error The package has no types: it exports the path of the compiler for this machine.
import compiler from "relay-compiler";
import { expect, it } from "vitest";
import { readSdl } from "../../src/graphql/schema.ts";
import { useGateway } from "../support/gateway.ts";

const COMPONENT = `
import { graphql } from "react-relay";

graphql\`
  query FailedHostsQuery($ref: JobInstanceRef!, $step: ID!) {
    jobInstance(ref: $ref) {
      __typename
      ... on JobInstance { id name step(stepInstanceId: $step) { id ...FailedHosts_step } }
      ... on Problem { message }
    }
  }
\`;

graphql\`
  fragment FailedHosts_step on StepInstance
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" }) {
    hostResults(first: $count, after: $cursor, filter: { phases: [FAILED] })
      @connection(key: "FailedHosts_hostResults") {
      edges { node { id ip exitCode } }
    }
  }
\`;
`;

it("compiles a query with a connection, which the gateway answers", async (test) => {
  const folder = mkdtempSync(join(tmpdir(), "relay-"));
  test.onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "src"));
  writeFileSync(join(folder, "src/FailedHosts.ts"), COMPONENT);
  writeFileSync(join(folder, "schema.graphql"), readSdl());
  const customScalarTypes = { DateTime: "string", SafeInt: "number" };
  const config = { src: "./src", schema: "./schema.graphql", language: "typescript", customScalarTypes };
  writeFileSync(join(folder, "relay.config.json"), JSON.stringify(config));
  await promisify(execFile)(compiler, ["relay.config.json"], { cwd: folder });

  const generated = readFileSync(join(folder, "src/__generated__/FailedHostsQuery.graphql.ts"), "utf8");
  const text = JSON.parse(/"text": ("(?:[^"\\]|\\.)*")/.exec(generated)?.[1] ?? '""');
  // The compiler adds what its connections need.
  expect(text).toContain("pageInfo");
  const gateway = await useGateway();
  const ref = { scopeId: "1", jobInstanceId: "20000000002" };
  const { data, errors } = await gateway.ask(text, { ref, step: "20000010021" });
  expect(errors).toBeUndefined();
  expect(data.jobInstance.step.hostResults.edges).toHaveLength(2);
  expect(data.jobInstance.step.hostResults.pageInfo.hasNextPage).toBe(true);
});
