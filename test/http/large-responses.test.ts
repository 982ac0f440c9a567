/** Large responses reuse buffers: no response contains bytes of another, however clients read. */

import { connect } from "node:net";
import { expect, it } from "vitest";
import { bulkJobId } from "../../src/simulator/bulk-jobs.ts";
import { jobQuery, onJob } from "../support/ask.ts";
import { useGateway } from "../support/gateway.ts";
import { rawPost } from "../support/raw-request.ts";

const pageOf = (hosts: number, first: number, field: string) =>
  jobQuery(bulkJobId(hosts), onJob(`steps { hostResults(first: ${first}) { nodes { ${field} } } }`));

it("are complete and correct for many simultaneous requests", async () => {
  const { ask } = await useGateway();
  const readPage = async (first: number, field: string) => {
    const { data } = await ask(pageOf(2_000, first, field));
    return data.jobInstance.steps[0].hostResults.nodes;
  };
  const whole = await readPage(2_000, "id hostId ip tag");
  for (let round = 0; round < 5; round++) {
    const pages = await Promise.all(
      Array.from({ length: 12 }, (_, index) => readPage(2_000 - index * 100, "id hostId ip tag")),
    );
    for (const [index, page] of pages.entries()) expect(page).toEqual(whole?.slice(0, 2_000 - index * 100));
  }
});

it("do not mix if one client reads late and another one aborts", async () => {
  const { url } = await useGateway();
  const { hostname, port } = new URL(url);
  /** Sends the query several times, without waiting for responses in between. */
  const send = (query: string, times = 1) => {
    const socket = connect(Number(port), hostname);
    const body = JSON.stringify({ query });
    for (let left = times; left > 0; left--) {
      socket.write(rawPost(body, { connection: left === 1 ? "close" : "keep-alive" }));
    }
    return socket;
  };
  const textOf = async (socket: ReturnType<typeof send>) => {
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  const query = pageOf(20_000, 10_000, "id hostId ip status startedAt finishedAt tag durationMs").replace(
    "steps { ",
    "steps { more: hostResults(first: 9000) { nodes { id hostId ip status startedAt finishedAt tag durationMs } } ",
  );
  const [, expected = ""] = (await textOf(send(query))).split("\r\n\r\n");
  // Paused, with more than fits into socket buffers, so that responses wait in the gateway.
  const late = send(query, 4).pause();
  const aborted = send(query);
  await new Promise((resolve) => aborted.once("data", resolve));
  aborted.destroy();
  for (let index = 0; index < 10; index++)
    await textOf(send(pageOf(10_000, 9_000 + index, "id ip phase agentId tag")));
  // Without `toBe`, which would print megabytes.
  expect((await textOf(late)).split(expected).length - 1).toBe(4);
});
