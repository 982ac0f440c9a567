/** Large responses, whose memory is used again: no response has bytes of another, however clients read. */
import { connect } from "node:net";
import { expect, it } from "vitest";
import { bulkJobId } from "../../src/simulator/bulk-jobs.ts";
import { AUTHORIZATION, useGateway } from "../support/gateway.ts";

const pageOf = (hosts: number, first: number, field: string) =>
  `{ jobInstance(ref: { scopeId: "1", jobInstanceId: "${bulkJobId(hosts)}" }) { ... on JobInstance { steps { hostResults(first: ${first}) { nodes { ${field} } } } } } }`;

interface Page {
  readonly data: {
    readonly jobInstance: { readonly steps: readonly { hostResults: { nodes: unknown[] } }[] };
  };
}

it("are whole and their own when many come at once, in one connection or in many", async () => {
  const { url } = await useGateway();
  const ask = async (first: number, field: string) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", "x-bkapi-authorization": AUTHORIZATION },
      body: JSON.stringify({ query: pageOf(2_000, first, field) }),
    });
    // The gateway's responses are GraphQL results.
    const { data } = (await response.json()) as Page;
    return data.jobInstance.steps[0]?.hostResults.nodes;
  };
  const whole = await ask(2_000, "id hostId ip tag");
  for (let round = 0; round < 5; round++) {
    const pages = await Promise.all(
      Array.from({ length: 12 }, (_, index) => ask(2_000 - index * 100, "id hostId ip tag")),
    );
    for (const [index, page] of pages.entries()) expect(page).toEqual(whole?.slice(0, 2_000 - index * 100));
  }
});

it("are their own while a client reads late, and while another goes away in the middle", async () => {
  const { url } = await useGateway();
  const { hostname, port } = new URL(url);
  const send = (query: string) => {
    const socket = connect(Number(port), hostname);
    const body = JSON.stringify({ query });
    socket.write(
      `POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\nx-bkapi-authorization: ${AUTHORIZATION}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    return socket;
  };
  const textOf = async (socket: ReturnType<typeof send>) => {
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    return Buffer.concat(chunks).toString().split("\r\n\r\n").slice(1).join("\r\n\r\n");
  };
  const query = pageOf(10_000, 10_000, "id hostId ip status startedAt tag");
  const expected = await textOf(send(query));
  // Paused, so most of its response waits in the gateway.
  const late = send(query).pause();
  const gone = send(query);
  await new Promise((resolve) => gone.once("data", resolve));
  gone.destroy();
  for (let index = 0; index < 10; index++) await textOf(send(pageOf(10_000, 9_000 + index, "id ip phase")));
  expect(await textOf(late)).toBe(expected);
});
