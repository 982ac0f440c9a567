/** Reads a job that exists. */
import { expect } from "vitest";
import type { TestGateway } from "../support/gateway.ts";

/** What a selection on a job of business 1 gives; fails the test on any error. */
export async function askJob(gateway: TestGateway, jobInstanceId: string, selection: string) {
  const { data, errors } = await gateway.run(
    `{ jobInstance(ref: { scopeId: "1", jobInstanceId: "${jobInstanceId}" }) {
      ... on JobInstance { ${selection} }
    } }`,
  );
  expect(errors).toBeUndefined();
  return data.jobInstance;
}
