/** Apollo's multipart subscription protocol on POST /graphql. */
import { expect, it, vi } from "vitest";
import { type AskBody, AUTHORIZATION, jobSubscription, onJob, postOperation } from "../support/ask.ts";
import { startGateway, type TestGateway, useGateway } from "../support/gateway.ts";
import { readResponse } from "../support/response-reader.ts";
import { createLiveJob, finished, JOB, running } from "./live-job.ts";

const WATCH = jobSubscription(JOB, onJob("name"));
const PARTS = "multipart/mixed;subscriptionSpec=1.0";

const post = ({ url }: TestGateway, body: AskBody, accept = PARTS) =>
  postOperation(url, body, { accept, "x-bkapi-authorization": AUTHORIZATION });

const part = (json: string) => `\r\ncontent-type: application/json\r\n\r\n${json}\r\n--graphql`;

it.each([
  PARTS,
  "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json",
  'multipart/mixed; subscriptionSpec="1.0", application/graphql-response+json',
])("returns the results of a subscription with Accept: %s as parts", async (accept) => {
  const gateway = await useGateway();
  const job = createLiveJob(gateway);
  const response = await post(gateway, { query: WATCH }, accept);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe(
    'multipart/mixed;boundary="graphql";subscriptionSpec=1.0',
  );
  expect(response.headers.get("x-accel-buffering")).toBe("no");
  const stream = readResponse(response);
  const first = part('{"payload":{"data":{"jobInstanceUpdated":{"name":"job"}}}}');
  await stream.until("payload");
  expect(stream.text()).toBe(`\r\n--graphql${first}`);
  job.become({ ...finished, fields: { name: "later" } });
  while (await stream.next());
  const second = part('{"payload":{"data":{"jobInstanceUpdated":{"name":"later"}}}}');
  expect(stream.text()).toBe(`\r\n--graphql${first}${second}--\r\n`);
});

it("sends an empty part every 12 s without changes", async () => {
  const gateway = await useGateway();
  createLiveJob(gateway);
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  try {
    const stream = readResponse(await post(gateway, { query: WATCH }));
    await stream.until("payload");
    vi.advanceTimersByTime(12_000);
    expect(await stream.next()).toBe(part("{}"));
    await stream.cancel();
  } finally {
    vi.useRealTimers();
  }
});

it("returns one JSON result for other operations", async () => {
  const gateway = await useGateway();
  const response = await post(gateway, { query: "{ __typename }" });
  expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(await response.json()).toEqual({ data: { __typename: "Query" } });
});

it.each([
  ["does not fit the schema", "subscription { nothing }", 400, "GRAPHQL_VALIDATION_FAILED"],
  ["has an invalid job id", WATCH.replace(JOB, "0"), 400, "BAD_USER_INPUT"],
])("returns one JSON result for a subscription that %s", async (_, query, status, code) => {
  const response = await post(await useGateway(), { query });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code } }] });
});

it.each(["application/json", "*/*", "application/json, multipart/mixed"])(
  "names the transports in the error for a subscription with Accept: %s",
  async (accept) => {
    const response = await post(await useGateway(), { query: WATCH }, accept);
    const { errors } = (await response.json()) as { errors: { message: string; extensions: object }[] };
    expect(errors).toMatchObject([
      {
        message: expect.stringMatching(/WebSocket.*\/graphql\/stream.*multipart\/mixed;subscriptionSpec=1.0/),
        extensions: { code: "BAD_REQUEST" },
      },
    ]);
  },
);

it("ends with a transport error when the gateway shuts down", async () => {
  const gateway = await startGateway();
  createLiveJob(gateway, running());
  const stream = readResponse(await post(gateway, { query: WATCH }));
  await stream.until('{"name":"job"}');
  const closed = gateway.close();
  while (await stream.next());
  const last = part(
    JSON.stringify({
      payload: null,
      errors: [
        {
          message: "The gateway is shutting down. Connect again, to this address or to another instance.",
          extensions: { code: "SHUTTING_DOWN" },
        },
      ],
    }),
  );
  expect(stream.text()).toMatch(/"name":"job"/);
  expect(stream.text().endsWith(`--graphql${last}--\r\n`)).toBe(true);
  await closed;
});
