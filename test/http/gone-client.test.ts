/** A client that goes away before its answer: nobody waits for the upstream any more. */
import { expect, it } from "vitest";
import { AUTHORIZATION, useGateway } from "../support/gateway.ts";
import { useHeldUpstream } from "../support/held-upstream.ts";

it("ends the upstream call of a client that has gone away", async (test) => {
  const upstream = await useHeldUpstream(test);
  // Longer than the test: what ends is not ended by this.
  const { url } = await useGateway({ upstream: { baseUrl: new URL(upstream.url), timeoutMs: 60_000 } });
  const client = new AbortController();
  const answer = fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "x-bkapi-authorization": AUTHORIZATION },
    body: JSON.stringify({
      query: '{ jobInstance(ref: { scopeId: "1", jobInstanceId: "1" }) { __typename } }',
    }),
    signal: client.signal,
  });
  await upstream.called;
  client.abort();

  await expect(answer).rejects.toThrow();
  await upstream.givenUp;
});
