/** What a single operation may ask for. */
import { expect, it } from "vitest";
import { bulkJobId } from "../../src/simulator/bulk-jobs.ts";
import { useGateway } from "../support/gateway.ts";

/** Each fragment spreads the next ten times. */
const multiplying = (levels: number): string => {
  const fragments = Array.from({ length: levels }, (_, level) => {
    const next = level + 1 < levels ? `...F${level + 1} `.repeat(10) : "name ".repeat(10);
    return `fragment F${level} on JobInstance { ${next} }`;
  });
  return `{ jobInstance(ref: { scopeId: "1", jobInstanceId: "100" }) { ...F0 } } ${fragments.join("\n")}`;
};

it("is refused, at once and before any call, when fragments multiply its fields beyond 5 000", async () => {
  const { run, simulator } = await useGateway();

  const { status, errors } = await run(multiplying(12));

  expect(status).toBe(400);
  expect(errors).toMatchObject([
    {
      message: expect.stringContaining("at most 5000 fields"),
      extensions: { code: "GRAPHQL_VALIDATION_FAILED" },
    },
  ]);
  expect(simulator.requests).toEqual([]);
});

it("is answered when fragments multiply its fields within the limit", async () => {
  const { run } = await useGateway();

  const { data } = await run(multiplying(3));

  expect(data.jobInstance.name).toBe("API Quick execution script1");
});

it("gets an error in the place of rows beyond 256 MiB, and the gateway goes on", async () => {
  const { run } = await useGateway({ config: { executor: "compiled" } });
  const row = Array.from({ length: 40 }, (_, index) => `a${index}: agentId`).join(" ");
  const pages = Array.from(
    { length: 20 },
    (_, index) => `p${index}: hostResults(first: 10000) { nodes { ${row} } }`,
  );
  const query = (fields: string) =>
    `{ jobInstance(ref: { scopeId: "1", jobInstanceId: "${bulkJobId(10_000)}" }) { ... on JobInstance { steps { ${fields} } } } }`;

  const { errors } = await run(query(pages.join(" ")));
  expect(errors?.[0]).toMatchObject({
    message: expect.stringContaining("at most 268435456 bytes"),
    extensions: { code: "BAD_USER_INPUT" },
  });

  const { data } = await run(query("hostResults { totalCount }"));
  expect(data.jobInstance.steps[0].hostResults.totalCount).toBe(10_000);
});
