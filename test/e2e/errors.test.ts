/** Every error job of the simulator through the whole gateway. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ERROR_JOBS } from "../../src/simulator/error-jobs.ts";
import { ref } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { ENDLESS, EXPECTATIONS, type Failure, HASTY_MS, MAX_BODY_BYTES } from "./error-expectations.ts";

const QUERY = `query ErrorJob($id: ID!) {
  jobInstance(${ref("$id")}) {
    __typename
    ... on Problem { message upstreamRequestId }
    ... on JobInstance { steps { hostResults { nodes { status } } } }
  }
}`;

let patient: TestGateway;
let hasty: TestGateway;
beforeAll(async () => {
  patient = await startGateway({ upstream: { maxBodyBytes: MAX_BODY_BYTES } });
  hasty = await startGateway({ upstream: { timeoutMs: HASTY_MS } });
});
afterAll(async () => {
  await patient.close();
  await hasty.close();
});

const askFor = (id: string) =>
  ENDLESS.has(id) ? askUntilTimeout(id) : patient.ask(QUERY, { id }, { "accept-language": "en" });

/**
 * Advances the clock to the timeout once the upstream's response has started, or once the call has arrived if there is
 * no response.
 */
async function askUntilTimeout(id: string) {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  let hasBegun = false;
  const onHead = () => {
    hasBegun = true;
  };
  subscribe("undici:request:headers", onHead);
  try {
    const answer = hasty.ask(QUERY, { id }, { "accept-language": "en" });
    const calls = () => hasty.simulator.requests.filter(({ query }) => query.job_instance_id === id);
    const expected = EXPECTATIONS[id];
    const isAnswered = expected && "failure" in expected && expected.failure.httpStatus !== null;
    await expect.poll(() => (isAnswered ? hasBegun : calls().length > 0)).toBe(true);
    vi.advanceTimersByTime(HASTY_MS);
    return await answer;
  } finally {
    unsubscribe("undici:request:headers", onHead);
    vi.useRealTimers();
  }
}

const anyId = expect.stringMatching(/^[\w-]{8,}$/);

const errorOf = ({ code, httpStatus, upstreamCode, message, ids, retryAfterMs }: Failure) => ({
  message: typeof message === "string" ? message : expect.stringMatching(message),
  path: ["jobInstance"],
  locations: expect.any(Array),
  extensions: {
    code,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(httpStatus !== null && {
      upstream: {
        httpStatus,
        code: upstreamCode,
        jobRequestId: ids === "job and gateway" ? anyId : null,
        gatewayRequestId: anyId,
      },
    }),
  },
});

it("has an expectation for every error job, and no others", () => {
  expect(Object.keys(EXPECTATIONS)).toEqual(ERROR_JOBS.map(({ id }) => id));
});

describe("every error job has the expected result", () => {
  it.each(ERROR_JOBS)("$id: $title", async ({ id }) => {
    const expected = EXPECTATIONS[id];
    const { status, data, errors } = await askFor(id);

    expect(status).toBe(200);
    if (expected === undefined) throw new Error("no expectation for this error job");
    if ("failure" in expected) {
      expect({ data, errors }).toEqual({ data: { jobInstance: null }, errors: [errorOf(expected.failure)] });
      return;
    }
    expect(errors).toBeUndefined();
    expect(data.jobInstance).toMatchObject({
      __typename: expected.outcome,
      ...("message" in expected && { message: expected.message, upstreamRequestId: anyId }),
    });
  });
});

it("leaves the gateway working after all of them", async () => {
  for (const { ask } of [patient, hasty]) {
    const { data, errors } = await ask(QUERY, { id: "100" });
    expect(errors).toBeUndefined();
    expect(data.jobInstance.__typename).toBe("JobInstance");
  }
});
