/** Headers and URLs of the client: credentials are sent to the gateway, and appear nowhere else. */
import { getEventListeners } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { createJobClient, type HeadersSource } from "../../src/client/index.ts";
import { EVENTS, FINISHED_EVENT, useFakeGateway } from "../watch/fake-gateway.ts";

const REF = { scopeId: "1", jobInstanceId: "1" };
const JOB = { __typename: "JobInstance", name: "job" };
const RESULT = JSON.stringify({ data: { jobInstance: JOB } });

/** A gateway that responds, and the headers of its requests. */
async function useRecorder() {
  const requests: IncomingHttpHeaders[] = [];
  const { url } = await useFakeGateway({ onTestFinished }, ({ headers, url }, response) => {
    requests.push(headers);
    if (url?.endsWith("/stream")) response.writeHead(200, EVENTS).end(FINISHED_EVENT);
    else response.writeHead(200, { "content-type": "application/json" }).end(RESULT);
  });
  return { url, requests };
}

const thrownBy = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

describe("headers", () => {
  it.each([
    ["an object", { Authorization: "Bearer token" }],
    ["an instance of Headers", new Headers({ authorization: "Bearer token" })],
    ["the result of a function", () => new Headers({ authorization: "Bearer token" })],
  ])("can be %s", async (_, headers) => {
    const { url, requests } = await useRecorder();
    await createJobClient({ url, headers }).jobInstance(REF);
    expect(requests).toMatchObject([{ authorization: "Bearer token" }]);
  });

  it("cannot replace those of the client, whatever their case", async () => {
    const { url, requests } = await useRecorder();
    const client = createJobClient({ url, headers: { "Content-Type": "text/plain", ACCEPT: "text/html" } });
    expect(await client.jobInstance(REF)).toEqual(JOB);
    await client.waitUntilFinished(REF);
    expect(requests).toMatchObject([
      { "content-type": "application/json", accept: "application/graphql-response+json, application/json" },
      { "content-type": "application/json", accept: "text/event-stream" },
    ]);
  });

  it("are an object for the given fetch, which can add others", async () => {
    const { url, requests } = await useRecorder();
    const client = createJobClient({
      url,
      headers: { authorization: "Bearer token" },
      fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, "x-trace": "7" } }),
    });
    await client.jobInstance(REF);
    expect(requests).toMatchObject([{ authorization: "Bearer token", "x-trace": "7" }]);
  });

  it.each<[string, HeadersSource, string]>([
    ["a line break in the middle of a value", { authorization: "Bearer\nSECRET" }, '"authorization"'],
    ["NUL in a value", () => ({ authorization: "Bearer SECRET\0" }), '"authorization"'],
    ["a control character in a value", { "x-user": "SECRET\u0001" }, '"x-user"'],
    ["a Chinese character in a value", { "x-user": "SECRET张三" }, '"x-user"'],
    ["a space in a name", { "x user": "SECRET" }, "the name of a header"],
  ])("end the request without a new attempt if they cannot be sent: %s", async (_, headers, place) => {
    const { url, requests } = await useRecorder();
    const client = createJobClient({ url, headers });
    for (const error of [
      await thrownBy(client.jobInstance(REF)),
      await thrownBy(client.waitUntilFinished(REF)),
    ]) {
      expect(error).toMatchObject({
        name: "JobClientError",
        code: "INVALID_HEADERS",
        isTransient: false,
        message: expect.stringContaining(place),
      });
      expect(inspect(error)).not.toContain("SECRET");
    }
    expect(requests).toEqual([]);
  });
});

describe("a function that returns headers", () => {
  it.each([
    [
      "jobInstance",
      (url: string, headers: HeadersSource, signal: AbortSignal) =>
        createJobClient({ url, headers }).jobInstance(REF, { signal }),
    ],
    [
      "watch",
      (url: string, headers: HeadersSource, signal: AbortSignal) =>
        createJobClient({ url, headers }).watch(REF, { signal }).next(),
    ],
  ] as const)("does not keep %s from ending with the reason of its signal", async (_, start) => {
    const { url, requests } = await useRecorder();
    const stop = new AbortController();
    let calls = 0;
    const hangs = () => {
      calls += 1;
      return new Promise<never>(() => {});
    };
    const result = start(url, hangs, stop.signal);
    await expect.poll(() => calls).toBe(1);
    stop.abort(new Error("enough"));
    await expect(result).rejects.toThrow("enough");
    await expect(start(url, hangs, stop.signal)).rejects.toThrow("enough");
    expect(calls).toBe(1);
    expect(requests).toEqual([]);
  });

  it("can abort the request itself", async () => {
    const { url } = await useRecorder();
    const stop = new AbortController();
    const headers = () => {
      stop.abort(new Error("signed out"));
      return new Promise<never>(() => {});
    };
    const result = createJobClient({ url, headers }).jobInstance(REF, { signal: stop.signal });
    await expect(result).rejects.toThrow("signed out");
  });

  it("leaves no listener at the signal", async () => {
    const { url } = await useRecorder();
    const { signal } = new AbortController();
    const before: number[] = [];
    const headers = async () => {
      before.push(getEventListeners(signal, "abort").length);
      return {};
    };
    const client = createJobClient({ url, headers, fetch: (url) => fetch(url, { method: "POST" }) });
    for (let request = 0; request < 3; request += 1) await client.jobInstance(REF, { signal });
    expect(before).toEqual([0, 0, 0]);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("a URL", () => {
  it.each([
    "http://user:SECRET@127.0.0.1/graphql",
    "http://SECRET@127.0.0.1/graphql",
    "http:user:SECRET@127.0.0.1/graphql",
    "ftp://user:SECRET@127.0.0.1/graphql",
    "http://user:SECRET#@",
    "/graphql?token=SECRET",
    "/graphql#SECRET",
  ])("is refused without its secret: %s", (url) => {
    const create = () => createJobClient({ url });
    expect(create).toThrow(
      /^Expected the URL of a gateway, such as https:\/\/gateway\.example\.com\/graphql, /,
    );
    expect(create).not.toThrow("SECRET");
  });

  it("can contain @ in its path and query string", async () => {
    const { url, requests } = await useRecorder();
    expect(await createJobClient({ url: `${url}/@team?mail=a@b` }).jobInstance(REF)).toEqual(JOB);
    expect(requests).toHaveLength(1);
  });
});
