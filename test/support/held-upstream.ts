/** An upstream that answers when it is told to: for what happens while a call is in flight. */
import { createServer } from "node:http";
import type { TestContext } from "vitest";
import { useServer } from "./listen.ts";

export interface HeldUpstream {
  readonly url: string;
  /** Resolves when the first call has come in. */
  readonly called: Promise<void>;
  /** Resolves when the gateway has given up a call before its answer. */
  readonly givenUp: Promise<void>;
  /** Answers all calls, also later ones: no such job. */
  readonly release: () => void;
}

const ANSWER = JSON.stringify({ error: { code: "NOT_FOUND", message: "作业实例不存在" } });

/** For one test, closed when the test is over. */
export async function useHeldUpstream(test: Pick<TestContext, "onTestFinished">): Promise<HeldUpstream> {
  const called = Promise.withResolvers<void>();
  const givenUp = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const server = createServer(async (_request, response) => {
    called.resolve();
    response.once("close", () => response.writableFinished || givenUp.resolve());
    await released.promise;
    response.writeHead(404, { "content-type": "application/json" }).end(ANSWER);
  });
  const port = await useServer(server, test);
  return {
    url: `http://127.0.0.1:${port}`,
    called: called.promise,
    givenUp: givenUp.promise,
    release: released.resolve,
  };
}
