/** A fake gateway, for responses that a real gateway cannot be made to send. */
import { createServer, type RequestListener } from "node:http";
import type { TestContext } from "vitest";
import { useServer } from "../support/listen.ts";

export interface FakeGateway {
  /** The URL of its GraphQL endpoint. */
  readonly url: string;
  /** Requests so far. */
  readonly count: () => number;
}

/** For one test, closed at the end of the test. */
export async function useFakeGateway(
  test: Pick<TestContext, "onTestFinished">,
  answer: (...args: [...Parameters<RequestListener>, index: number]) => void,
): Promise<FakeGateway> {
  let count = 0;
  const server = createServer((request, response) => answer(request, response, count++));
  const port = await useServer(server, test);
  return { url: `http://127.0.0.1:${port}/graphql`, count: () => count };
}

export const EVENTS = { "content-type": "text/event-stream; charset=utf-8" };

/** An event in the format of graphql-sse. */
export const event = (name: "next" | "complete", data?: unknown): string =>
  `event: ${name}\ndata:${data === undefined ? "" : ` ${JSON.stringify(data)}`}\n\n`;

/** A result of the subscription: a job without steps. */
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
