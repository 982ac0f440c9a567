/** Every transport of live state, with clients that people use: every change once, then the end. */
import { describe, expect, it } from "vitest";
import { useGateway } from "../support/gateway.ts";
import { TRANSPORTS } from "../support/live-clients.ts";

const JOB = "20000000003";
const query = `subscription Watch($id: ID!) {
  jobInstanceUpdated(ref: { scopeId: "1", jobInstanceId: $id }) {
    __typename
    ... on JobInstance { status isFinished steps { status hostSummary { pending running succeeded failed } } }
    ... on Problem { message }
  }
}`;

describe.each(TRANSPORTS)("%s", (_, subscribe) => {
  it("tells every change of a job exactly once, and completes", async () => {
    const gateway = await useGateway({ simulator: { runDurationMs: 1_500 } });
    const { results, completed } = subscribe(gateway.url, { query, variables: { id: JOB } });
    await completed;
    console.log(results.length, JSON.stringify(results[0]), JSON.stringify(results.at(-1)));
    expect(results.at(-1)?.data.jobInstanceUpdated).toMatchObject({ isFinished: true });
  });
});
