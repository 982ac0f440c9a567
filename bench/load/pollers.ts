/** The process of viewers that poll: each has its own connection and sends a request at a fixed interval. */
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "undici";
import type { Polled, Polling } from "./live.ts";

function poll({ origin, pollers, jobInstanceId, everyMs }: Polling): () => Polled {
  const body = JSON.stringify({ variables: { jobInstanceId, hosts: true } });
  let answered = 0;
  let failure: string | null = null;

  const ask = async (client: Client, headers: Record<string, string>) => {
    const response = await client.request({ method: "POST", path: "/graphql", headers, body });
    const text = await response.body.text();
    if (response.statusCode === 200 && text.includes('"name":"Change ')) answered += 1;
    else failure ??= `Expected a job, got HTTP ${response.statusCode}: ${text.slice(0, 300)}`;
  };

  const poller = async (index: number) => {
    const client = new Client(origin);
    const headers = {
      "content-type": "application/json",
      "x-bkapi-authorization": JSON.stringify({ access_token: `viewer-${index}` }),
    };
    // Spread the requests over the interval.
    await sleep((everyMs * index) / pollers);
    for (;;) {
      const begin = performance.now();
      await ask(client, headers).catch((error: Error) => {
        failure ??= error.message;
      });
      // A response that takes longer than the interval is followed by the next request at once.
      await sleep(Math.max(0, everyMs - (performance.now() - begin)));
    }
  };
  for (let index = 0; index < pollers; index += 1) void poller(index);

  return () => {
    const taken = { answered, failure };
    answered = 0;
    return taken;
  };
}

process.once("message", (polling: Polling) => {
  const take = poll(polling);
  process.on("message", () => process.send?.(take()));
  process.send?.({ answered: 0, failure: null } satisfies Polled);
});
process.on("disconnect", () => process.exit(0));
