/** Apollo's multipart subscription protocol on POST /graphql, byte by byte. */
import { expect, it, vi } from "vitest";
import { type AskBody, AUTHORIZATION, jobSubscription, onJob, postOperation } from "../support/ask.ts";
import { startGateway, type TestGateway, useGateway } from "../support/gateway.ts";
import { readResponse } from "../support/response-reader.ts";
import { finished, JOB, running, watchedJob } from "./watched-job.ts";

const WATCH = jobSubscription(JOB, onJob("name"));
const PARTS = "multipart/mixed;subscriptionSpec=1.0";

const post = ({ url }: TestGateway, body: AskBody, accept = PARTS) =>
  postOperation(url, body, { accept, "x-bkapi-authorization": AUTHORIZATION });

const part = (json: string) => `\r\ncontent-type: application/json\r\n\r\n${json}\r\n--graphql`;

it.each([
  PARTS,
  "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json",
  'multipart/mixed; subscriptionSpec="1.0", application/graphql-response+json',
])("answers a subscription with Accept: %s part by part", async (accept) => {
  const gateway = await useGateway();
  const job = watchedJob(gateway);
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

it("has an empty part every 12 s while there is nothing to tell", async () => {
  const gateway = await useGateway();
  watchedJob(gateway);
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

it("answers anything else with one JSON result, as without that header", async () => {
  const gateway = await useGateway();
  const response = await post(gateway, { query: "{ __typename }" });
  expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(await response.json()).toEqual({ data: { __typename: "Query" } });
});

it.each([
  ["does not fit the schema", "subscription { nothing }", 400, "GRAPHQL_VALIDATION_FAILED"],
  ["names a job that cannot be", WATCH.replace(JOB, "0"), 400, "BAD_USER_INPUT"],
])("answers a subscription that %s with one JSON result", async (_, query, status, code) => {
  const response = await post(await useGateway(), { query });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code } }] });
});

it.each(["application/json", "*/*", "application/json, multipart/mixed"])(
  "tells who sends a subscription with Accept: %s how to",
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
  watchedJob(gateway, running());
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
