/** The BFF's server-sent events for a client that stops reading. */
import { once } from "node:events";
import { connect } from "node:net";
import Fastify from "fastify";
import { expect, it, onTestFinished, vi } from "vitest";
import type * as Events from "../../examples/bff/events.ts";
import { installExample, removeExample } from "../support/example.ts";

it("disconnects a client that does not read, and ends its events", async () => {
  const folder = installExample("bff");
  onTestFinished(() => removeExample(folder));
  const { sendEvents }: typeof Events = await import(`${folder}/events.ts`);
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  let sent = 0;
  let hasEnded = false;
  async function* events() {
    try {
      for (;;) {
        sent += 1;
        yield { name: "deployment", data: "x".repeat(2 ** 20) };
      }
    } finally {
      hasEnded = true;
    }
  }
  const app = Fastify();
  onTestFinished(() => app.close());
  app.get("/events", (request, reply) => sendEvents(events(), request, reply));
  const { port } = new URL(await app.listen({ host: "127.0.0.1", port: 0 }));

  const client = connect(Number(port), "127.0.0.1");
  onTestFinished(() => void client.destroy());
  client.write("GET /events HTTP/1.1\r\nHost: bff\r\n\r\n");
  await once(client, "readable");
  // When no event has been sent for a while, the buffers up to the client are full, except on a very busy machine.
  let before = 0;
  await expect
    .poll(
      () => {
        if (sent === before) vi.advanceTimersByTime(15_000);
        before = sent;
        return hasEnded;
      },
      { interval: 200 },
    )
    .toBe(true);
  expect(sent).toBeLessThan(100);
  client.resume();
  await once(client, "close");
});
