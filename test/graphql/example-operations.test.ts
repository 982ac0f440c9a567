/** The examples of the explorers run on the simulator. */
import { getOperationAST, parse } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXAMPLE_OPERATIONS } from "../../src/model/example-operations.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { subscribeByEvents } from "../support/live-clients.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ simulator: { runDurationMs: 200 } });
});
afterAll(() => gateway.close());

describe.each(EXAMPLE_OPERATIONS)("$name", ({ name, text }) => {
  it("is the name of its only operation", () => {
    expect(getOperationAST(parse(text))?.name?.value).toBe(name);
  });

  it("returns data without errors", async () => {
    if (text.startsWith("subscription")) {
      const { results, completed } = subscribeByEvents(gateway.url, { query: text });
      await completed;
      expect(results.length).toBeGreaterThan(1);
      expect(results.at(-1)).toEqual({
        data: { jobInstanceUpdated: expect.objectContaining({ status: "FAILED", isFinished: true }) },
      });
    } else {
      const { data, errors } = await gateway.ask(text);
      expect(errors).toBeUndefined();
      expect(Object.values(data)).not.toContain(null);
    }
  });
});

it("they have distinct names", () => {
  expect(new Set(EXAMPLE_OPERATIONS.map(({ name }) => name)).size).toBe(EXAMPLE_OPERATIONS.length);
});
