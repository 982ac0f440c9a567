/** Something else than a gateway, or one that behaves as a real one cannot be made to. */
import { createServer, type RequestListener } from "node:http";
import type { TestContext } from "vitest";
import { useServer } from "../support/listen.ts";

export interface StandIn {
  /** Where a gateway would have its GraphQL endpoint. */
  readonly url: string;
  /** Requests so far. */
  readonly count: () => number;
}

/** For one test, closed when the test is over. */
export async function useStandIn(
  test: Pick<TestContext, "onTestFinished">,
  answer: (...args: [...Parameters<RequestListener>, index: number]) => void,
): Promise<StandIn> {
  let count = 0;
  const server = createServer((request, response) => answer(request, response, count++));
  const port = await useServer(server, test);
  return { url: `http://127.0.0.1:${port}/graphql`, count: () => count };
}

export const EVENTS = { "content-type": "text/event-stream; charset=utf-8" };

/** An event as graphql-sse has it. */
export const event = (name: "next" | "complete", data?: unknown): string =>
  `event: ${name}\ndata:${data === undefined ? "" : ` ${JSON.stringify(data)}`}\n\n`;

/** A result of the subscription, of a job without steps. */
export const jobEvent = (fields: Record<string, unknown> = {}): string => {
  const job = {
    __typename: "JobInstance",
    name: "job",
    status: "RUNNING",
    phase: "RUNNING",
    isFinished: false,
  };
  const times = { observedAt: "2026-01-01T00:00:00.000Z", elapsedMs: null, durationMs: null };
  return event("next", { data: { jobInstanceUpdated: { ...job, ...times, steps: [], ...fields } } });
};

export const FINISHED_EVENT = jobEvent({ status: "SUCCEEDED", phase: "SUCCEEDED", isFinished: true });
