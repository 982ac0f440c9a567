/** Queries of the client: results, outcomes and errors. */
import { gql } from "@apollo/client";
import { afterAll, beforeAll, describe, expect, expectTypeOf, it, onTestFinished, vi } from "vitest";
import {
  createJobClient,
  FailedHostsDocument,
  type FailedHostsQuery,
  HostResultsDocument,
  JobInstancesDocument,
  JobInstanceUpdatedDocument,
  typedDocument,
} from "../../src/client/index.ts";
import { AUTHORIZATION } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { useFakeGateway } from "../watch/fake-gateway.ts";
import { errorOf } from "./error-of.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const HEADERS = { "x-bkapi-authorization": AUTHORIZATION, "accept-language": "en" };
const clientOf = (headers: Readonly<Record<string, string>> = HEADERS) =>
  createJobClient({ url: gateway.url, headers });
const refOf = (jobInstanceId: string) => ({ scopeId: "1", jobInstanceId });

describe("a query", () => {
  it("reads a job and its steps without host results", async () => {
    const job = await clientOf().jobInstance(refOf("20000000002"));
    expect(job).toMatchObject({
      __typename: "JobInstance",
      name: "日志清理",
      status: "FAILED",
      isFinished: true,
      steps: [{ name: "清理 30 天前的日志", status: "FAILED", retryCount: 1 }, { status: "PENDING" }],
    });
    const call = gateway.simulator.requests.at(-1);
    expect(call?.query.job_instance_id).toBe("20000000002");
    expect(call?.query).not.toHaveProperty("return_ip_result");
  });

  it("reads a job of a business set", async () => {
    const ref = { scopeType: "BIZ_SET", scopeId: "9991001", jobInstanceId: "20000000015" } as const;
    expect(await clientOf().jobInstance(ref)).toMatchObject({ scope: { type: "BIZ_SET", id: "9991001" } });
  });

  const FAILED_HOSTS = typedDocument<
    { readonly jobInstance: { readonly hostSummary: { readonly failed: number } } | null },
    {
      readonly ref: { readonly scopeId: string; readonly jobInstanceId: string };
      readonly withCount: boolean;
    }
  >(`query ($ref: JobInstanceRef!, $withCount: Boolean!) {
    jobInstance(ref: $ref) { ... on JobInstance { name hostSummary @include(if: $withCount) { failed } } }
  }`);

  it("sends another document with its variables, and returns the type of its result", async () => {
    const variables = { withCount: true };
    const job = await clientOf().jobInstance(refOf("20000000002"), FAILED_HOSTS, { variables });
    expectTypeOf(job.hostSummary.failed).toEqualTypeOf<number>();
    expect(job.hostSummary.failed).toBe(9);
  });

  it("requires the variables of another document at compile time", async () => {
    // @ts-expect-error `withCount` is missing.
    const withoutVariables = clientOf().jobInstance(refOf("1"), FAILED_HOSTS);
    // @ts-expect-error `withCount` is not a string.
    const withString = clientOf().jobInstance(refOf("1"), FAILED_HOSTS, { variables: { withCount: "1" } });
    expect((await errorOf(withoutVariables)).code).toBe("BAD_USER_INPUT");
    expect((await errorOf(withString)).code).toBe("BAD_USER_INPUT");
  });

  it("sends a parsed document, whose variables with defaults can be left out", async () => {
    const failed = await clientOf().jobInstance(refOf("20000000002"), FailedHostsDocument);
    expectTypeOf(failed).toEqualTypeOf<NonNullable<FailedHostsQuery["jobInstance"]>>();
    expect(failed).toMatchObject({
      name: "日志清理",
      steps: [
        {
          hostSummary: { failed: 9 },
          hostGroups: expect.arrayContaining([expect.objectContaining({ count: expect.any(Number) })]),
          hostResults: { totalCount: 9, pageInfo: { hasNextPage: false } },
        },
        { hostSummary: { total: 0 } },
      ],
    });
    const [step] = failed.__typename === "JobInstance" ? failed.steps : [];
    const variables = {
      stepInstanceId: step?.stepInstanceId ?? "",
      filter: { exitCodes: [1] },
      orderBy: { field: "IP" } as const,
      first: 2,
    };
    const page = await clientOf().jobInstance(refOf("20000000002"), HostResultsDocument, { variables });
    expect(page).toMatchObject({ step: { hostResults: { nodes: [{ exitCode: 1 }, { exitCode: 1 }] } } });
  });

  it("sends a document without types, whose result has none", async () => {
    const text =
      "query ($ref: JobInstanceRef!, $i: ID!) { jobInstance(ref: $ref) { ... on JobInstance { step(stepInstanceId: $i) { name } } } }";
    for (const document of [text, gql(text)]) {
      const job = await clientOf().jobInstance(refOf("20000000002"), document, {
        variables: { i: "20000010021" },
      });
      // @ts-expect-error The type of the result is not known.
      expect(job.name).toBeUndefined();
      expect(job).toEqual({ step: { name: "清理 30 天前的日志" } });
    }
  });

  it("refuses documents of other operations at compile time", () => {
    // @ts-expect-error The document has another root field.
    const jobs = () => clientOf().jobInstance(refOf("1"), JobInstancesDocument);
    // @ts-expect-error The document is a subscription.
    const updates = () => clientOf().jobInstance(refOf("1"), JobInstanceUpdatedDocument);
    // @ts-expect-error The document is a query.
    const failed = () => clientOf().watch(refOf("1"), FailedHostsDocument);
    expect([jobs, updates, failed]).toHaveLength(3);
  });

  it("names the mistake in a document that hides its root field", async () => {
    const document = "query ($ref: JobInstanceRef!) { job: jobInstance(ref: $ref) { __typename } }";
    const error = await errorOf(clientOf().jobInstance(refOf("20000000001"), document));
    expect(error).toMatchObject({
      code: "UNEXPECTED_RESPONSE",
      message: 'Expected a query that selects "jobInstance", without an alias.',
    });
  });

  it("takes options in place of a document, also without a prototype", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    for (const options of [{ signal }, Object.assign(Object.create(null), { signal })]) {
      await expect(clientOf().jobInstance(refOf("20000000002"), options)).rejects.toThrow("enough");
    }
    expect(await clientOf().jobInstance(refOf("20000000002"), {})).toMatchObject({ name: "日志清理" });
  });

  it.each([
    ["an object of the class String", (text: string) => new String(text)],
    ["an object with a text of its own", (text: string) => ({ toString: () => text })],
  ])("sends a document that is %s", async (_, documentOf) => {
    const document = documentOf(
      "query ($ref: JobInstanceRef!) { jobInstance(ref: $ref) { ... on JobInstance { name } } }",
    );
    expect(await clientOf().jobInstance(refOf("20000000002"), document)).toEqual({ name: "日志清理" });
  });

  it.each([
    ["a file name", "./job.graphql", '"./job.graphql"'],
    ["an object without a text", new Map(), '"[object Map]"'],
    ["nothing", "", '""'],
  ])("refuses a document that is %s", async (_, document, got) => {
    const error = await errorOf(clientOf().jobInstance(refOf("1"), document));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe(`Expected a document, as a string of GraphQL or parsed, got ${got}.`);
  });

  it("uses the global fetch of the moment, and the given one instead", async () => {
    const first = vi.spyOn(globalThis, "fetch");
    onTestFinished(() => first.mockRestore());
    const client = clientOf();
    first.mockClear();
    await client.jobInstance(refOf("20000000001"));
    expect(first).toHaveBeenCalledOnce();

    const urls: string[] = [];
    const given = createJobClient({
      url: gateway.url,
      headers: HEADERS,
      fetch: (url, init) => {
        urls.push(url);
        return fetch(url, init);
      },
    });
    await given.jobInstance(refOf("20000000001"));
    expect(urls).toEqual([gateway.url]);
  });

  it("asks for the headers before each request", async () => {
    let requests = 0;
    const headers = async () => ({ ...HEADERS, "x-request-id": `request-${++requests}` });
    const client = createJobClient({ url: new URL(gateway.url), headers });
    await client.jobInstance(refOf("20000000001"));
    await client.jobInstance(refOf("20000000001"));
    const ids = gateway.logs.map(({ requestId }) => requestId);
    expect(ids).toEqual(expect.arrayContaining(["request-1", "request-2"]));
  });

  it("ends with the reason of its signal", async () => {
    const stop = new AbortController();
    const job = clientOf().jobInstance(refOf("20000090502"), { signal: stop.signal });
    const calls = () =>
      gateway.simulator.requests.filter(({ query }) => query.job_instance_id === "20000090502");
    await expect.poll(calls).toHaveLength(1);
    stop.abort(new Error("enough"));
    await expect(job).rejects.toThrow("enough");
  });
});

describe("the URL", () => {
  it.each(["/graphql", "127.0.0.1:4000/graphql", "localhost:4000/graphql", "ftp://gateway.example.com/", ""])(
    "must be one of http or https: not %j",
    (url) => {
      expect(() => createJobClient({ url })).toThrow(TypeError);
      expect(() => createJobClient({ url })).toThrow(`got "${url}"`);
    },
  );

  it("can be relative in browsers", async () => {
    vi.stubGlobal("location", new URL("/jobs/1", gateway.url));
    onTestFinished(() => void vi.unstubAllGlobals());
    const fetchFrom: typeof fetch = (url, init) => fetch(new URL(String(url), location.href), init);
    const client = createJobClient({ url: "/graphql", headers: HEADERS, fetch: fetchFrom });
    expect(await client.jobInstance(refOf("20000000002"))).toMatchObject({ name: "日志清理" });
  });
});

describe("an outcome without a job", () => {
  it("is a result if the job does not exist", async () => {
    const job = await clientOf().jobInstance(refOf("20000000404"));
    expect(job).toMatchObject({ __typename: "JobInstanceNotFound", message: "Job instance does not exist" });
  });

  it("is a result with the permissions to apply for if the user may not view the job", async () => {
    const job = await clientOf().jobInstance(refOf("20000000403"));
    expect(job).toMatchObject({
      __typename: "PermissionDenied",
      application: { systemId: "bk_job", actions: [{ id: "access_business" }] },
    });
  });
});

describe("an error", () => {
  it.each([
    ["rejected credentials", "20000090101", { code: "UNAUTHENTICATED", isTransient: false }],
    ["a rejected app", "20000090102", { code: "FORBIDDEN", isTransient: false }],
    ["an invalid id", "0", { code: "BAD_USER_INPUT", isTransient: false }],
    ["a failure of the upstream", "20000090005", { code: "UPSTREAM_ERROR", isTransient: false }],
    ["an unavailable upstream", "20000090113", { code: "UPSTREAM_UNAVAILABLE", isTransient: true }],
    [
      "a rate limit",
      "20000090019",
      { code: "RATE_LIMITED", isTransient: true, retryAfterMs: 2_000, errors: [expect.anything()] },
    ],
  ])("tells the code of %s", async (_, id, expected) => {
    const error = await errorOf(clientOf().jobInstance(refOf(id)));
    expect(error).toMatchObject({ name: "JobClientError", requestId: expect.any(String), ...expected });
    expect(error.message).not.toBe("");
  });

  it("tells that the headers could not be determined", async () => {
    const cause = new Error("no token");
    const headers = () => Promise.reject(cause);
    const error = await errorOf(createJobClient({ url: gateway.url, headers }).jobInstance(refOf("1")));
    expect(error).toMatchObject({ code: "CONNECTION_LOST", isTransient: true, cause });
  });

  it("tells that credentials are missing", async () => {
    const error = await errorOf(clientOf({}).jobInstance(refOf("20000000001")));
    expect(error).toMatchObject({ code: "UNAUTHENTICATED", isTransient: false });
  });

  it.each([
    ["a page", 200, { "content-type": "text/html" }, "<h1>", "UNEXPECTED_RESPONSE", "HTTP 200 (text/html)"],
    ["a redirect", 302, { location: "/login" }, "", "UNEXPECTED_RESPONSE", "HTTP 302 (a redirect)"],
    ["nothing", 404, {}, "", "UNEXPECTED_RESPONSE", "HTTP 404 (no content type)"],
    [
      "invalid JSON",
      200,
      { "content-type": "application/json" },
      "{",
      "UNEXPECTED_RESPONSE",
      "a body without a GraphQL result",
    ],
    ["an error of a proxy", 502, {}, "", "GATEWAY_UNAVAILABLE", "HTTP 502 (no content type)"],
  ] as const)("tells that another server responded: %s", async (_, status, headers, body, code, got) => {
    const { url, count } = await useFakeGateway({ onTestFinished }, (_, response) => {
      response.writeHead(status, headers).end(body);
    });
    const client = createJobClient({ url: `${url}?secret=hunter2` });
    const error = await errorOf(client.jobInstance(refOf("1")));
    expect(error).toMatchObject({ code, status, message: expect.stringContaining(got) });
    expect(error.message).not.toContain("hunter2");
    // A redirect is not followed, because it could lead the credentials to another server.
    expect(count()).toBe(1);
  });

  it("tells the delay that a proxy asks for", async () => {
    const { url } = await useFakeGateway({ onTestFinished }, (_, response) => {
      response.writeHead(429, { "retry-after": "7" }).end();
    });
    const error = await errorOf(createJobClient({ url }).jobInstance(refOf("1")));
    expect(error).toMatchObject({ code: "GATEWAY_UNAVAILABLE", isTransient: true, retryAfterMs: 7_000 });
  });

  it.each([
    ["without a response", null],
    ["in the middle of the response", '{"data":'],
  ])("tells that the connection was lost %s", async (_, start) => {
    const { url } = await useFakeGateway({ onTestFinished }, (_, response) => {
      if (start === null) return void response.destroy();
      response.writeHead(200, { "content-type": "application/json", "content-length": 100 }).write(start);
      setImmediate(() => response.destroy());
    });
    const error = await errorOf(createJobClient({ url }).jobInstance(refOf("1")));
    expect(error).toMatchObject({ code: "CONNECTION_LOST", isTransient: true, cause: expect.any(Error) });
  });
});
