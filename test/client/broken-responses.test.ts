/** Responses that are no GraphQL results, or have no end: they end a query or a watched job with a clear error. */
import { Readable } from "node:stream";
import { describe, expect, it, onTestFinished } from "vitest";
import { createJobClient } from "../../src/client/index.ts";
import { EVENTS, useFakeGateway } from "../watch/fake-gateway.ts";

const REF = { scopeId: "1", jobInstanceId: "1" };
const JOB = { __typename: "JobInstance", name: "job", isFinished: true };
const JSON_TYPE = { "content-type": "application/json" };

/** A gateway that responds with the JSON, and sends it as an event of subscriptions. */
const useText = (text: string) =>
  useFakeGateway({ onTestFinished }, ({ url }, response) => {
    if (url?.endsWith("/stream")) response.writeHead(200, EVENTS).end(`event: next\ndata: ${text}\n\n`);
    else response.writeHead(200, JSON_TYPE).end(text);
  });

describe("a response with JSON that is no result", () => {
  it.each([
    "null",
    '{"data":1}',
    '{"data":null,"errors":"text"}',
    '{"errors":{}}',
    '{"errors":[null]}',
    '{"errors":[{}]}',
  ])("is an error that a new attempt cannot help: %s", async (text) => {
    const { url, count } = await useText(text);
    const client = createJobClient({ url });
    const expected = {
      name: "JobClientError",
      code: "UNEXPECTED_RESPONSE",
      isTransient: false,
      status: 200,
      message: expect.stringContaining("without a GraphQL result"),
    };
    await expect(client.jobInstance(REF)).rejects.toMatchObject(expected);
    await expect(client.watch(REF).next()).rejects.toMatchObject(expected);
    expect(count()).toBe(2);
  });

  it.each(["{}", "[]", "1", '{"data":null,"errors":null}'])(
    "has neither data nor errors: %s",
    async (text) => {
      const { url } = await useText(text);
      const client = createJobClient({ url });
      const expected = { code: "UNEXPECTED_RESPONSE", isTransient: false, errors: [] };
      await expect(client.jobInstance(REF)).rejects.toMatchObject(expected);
      await expect(client.watch(REF).next()).rejects.toMatchObject(expected);
    },
  );
});

it.each([null, 7, {}])("an error whose code is %j has the code of an unexpected response", async (code) => {
  const { url } = await useText(JSON.stringify({ errors: [{ message: "x", extensions: { code } }] }));
  const expected = { code: "UNEXPECTED_RESPONSE", isTransient: false, message: "x" };
  await expect(createJobClient({ url }).jobInstance(REF)).rejects.toMatchObject(expected);
});

it("reads a result whose errors are null", async () => {
  const { url } = await useText(
    JSON.stringify({ data: { jobInstance: JOB, jobInstanceUpdated: JOB }, errors: null }),
  );
  const client = createJobClient({ url });
  expect(await client.jobInstance(REF)).toEqual(JOB);
  expect(await client.waitUntilFinished(REF)).toEqual(JOB);
});

it("ends with the reason of the signal while the response of a proxy has no end", async () => {
  const { url } = await useFakeGateway({ onTestFinished }, (_, response) => {
    response.writeHead(503, { "content-type": "text/plain" }).write("unavailable");
  });
  const stop = new AbortController();
  const { promise: responded, resolve } = Promise.withResolvers<void>();
  const client = createJobClient({
    url,
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      resolve();
      return response;
    },
  });
  const result = client.jobInstance(REF, { signal: stop.signal });
  await responded;
  stop.abort(new Error("enough"));
  await expect(result).rejects.toThrow("enough");
});

it("is an error that a new attempt cannot help: a response that never ends", async () => {
  const { url, count } = await useFakeGateway({ onTestFinished }, ({ url }, response) => {
    const isStream = url?.endsWith("/stream");
    response.writeHead(200, isStream ? EVENTS : JSON_TYPE);
    response.write(isStream ? "event: next\ndata: " : '{"data":"');
    Readable.from(endless()).pipe(response);
  });
  const client = createJobClient({ url });
  const expected = {
    code: "UNEXPECTED_RESPONSE",
    isTransient: false,
    message: expect.stringContaining("64 Mi characters"),
  };
  await expect(client.jobInstance(REF)).rejects.toMatchObject(expected);
  await expect(client.watch(REF).next()).rejects.toMatchObject(expected);
  expect(count()).toBe(2);
});

function* endless() {
  const part = Buffer.alloc(1_024 * 1_024, "x");
  for (;;) yield part;
}
