/** A client that goes away before its answer: nobody waits for the upstream any more, and nothing is at fault. */
import { expect, it, type TestContext, vi } from "vitest";
import { AUTHORIZATION, jobField, postOperation } from "../support/ask.ts";
import { type TestGateway, useGateway } from "../support/gateway.ts";
import { type HeldUpstream, useHeldUpstream } from "../support/held-upstream.ts";

interface Left extends TestGateway {
  readonly upstream: HeldUpstream;
}

/** A gateway just after a client has left it, with one upstream call in flight and another in wait. */
async function useLeftGateway(test: TestContext): Promise<Left> {
  const upstream = await useHeldUpstream(test);
  const gateway = await useGateway({
    // Longer than the test: what ends is not ended by this.
    upstream: { baseUrl: new URL(upstream.url), timeoutMs: 60_000, connections: 1 },
  });
  const client = new AbortController();
  const answer = postOperation(
    gateway.url,
    { query: `{ a: ${jobField("1")} b: ${jobField("2")} }` },
    { "x-bkapi-authorization": AUTHORIZATION },
    client.signal,
  );
  await upstream.called;
  client.abort();
  await expect(answer).rejects.toThrow();
  return { ...gateway, upstream };
}

it("ends the upstream call of a client that has gone away", async (test) => {
  const { upstream } = await useLeftGateway(test);
  await upstream.givenUp;
});

it("logs no error for it", async (test) => {
  const { upstream, logs, ask } = await useLeftGateway(test);
  await upstream.givenUp;
  // The operation has ended before a later one does.
  await ask("{ __typename }");
  await vi.waitFor(() => expect(logs.filter(({ msg }) => msg === "request")).toHaveLength(2));
  expect(logs.filter(({ level }) => Number(level) > 30)).toEqual([]);
});
