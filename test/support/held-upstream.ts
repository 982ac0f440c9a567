/** An upstream that responds when the test releases it, for tests of calls in flight. */
import { createServer } from "node:http";
import type { TestContext } from "vitest";
import { useServer } from "./listen.ts";

export interface HeldUpstream {
  readonly url: string;
  /** Resolves when the first call has arrived. */
  readonly called: Promise<void>;
  /** Number of calls that have arrived. */
  readonly calls: () => number;
  /** Resolves when the gateway has aborted a call before its response. */
  readonly aborted: Promise<void>;
  /** Answers all calls, including later ones, with "not found". */
  readonly release: () => void;
}

const ANSWER = JSON.stringify({ error: { code: "NOT_FOUND", message: "作业实例不存在" } });

/** For one test, closed at the end of the test. */
export async function useHeldUpstream(test: Pick<TestContext, "onTestFinished">): Promise<HeldUpstream> {
  const called = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let calls = 0;
  const server = createServer(async (_request, response) => {
    calls += 1;
    called.resolve();
    response.once("close", () => response.writableFinished || aborted.resolve());
    await released.promise;
    response.writeHead(404, { "content-type": "application/json" }).end(ANSWER);
  });
  const port = await useServer(server, test);
  return {
    url: `http://127.0.0.1:${port}`,
    called: called.promise,
    calls: () => calls,
    aborted: aborted.promise,
    release: released.resolve,
  };
}
