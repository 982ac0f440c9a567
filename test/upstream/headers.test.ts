/** The headers and the query of upstream calls. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AUTHORIZATION, onlyError, queryJob } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** The upstream request that a GraphQL request with these headers makes. */
async function upstreamRequest(headers: Record<string, string | undefined> = {}) {
  gateway.simulator.requests.length = 0;
  await queryJob(gateway, "100", headers);
  const [request, ...others] = gateway.simulator.requests;
  if (request === undefined || others.length > 0) throw new Error("expected one upstream call");
  return request;
}

describe("a caller without credentials", () => {
  it.each([
    ["no header", undefined],
    ["an empty header", ""],
    ["a blank header", "  "],
  ])("with %s is UNAUTHENTICATED, without an upstream call", async (_, authorization) => {
    gateway.simulator.requests.length = 0;

    const answer = await queryJob(gateway, "100", { "x-bkapi-authorization": authorization });

    expect(answer.data).toEqual({ jobInstance: null });
    const { message, path, extensions } = onlyError(answer);
    expect(extensions).toEqual({ code: "UNAUTHENTICATED" });
    expect(message).toContain("X-Bkapi-Authorization");
    expect(path).toEqual(["jobInstance"]);
    expect(gateway.simulator.requests).toEqual([]);
  });
});

describe("headers of an upstream call", () => {
  it("are those that the endpoint's documentation requires", async () => {
    expect((await upstreamRequest()).headers).toMatchObject({
      accept: "application/json",
      "content-type": "application/json",
      "x-bkapi-authorization": AUTHORIZATION,
    });
  });

  it("contain the caller's credentials verbatim", async () => {
    const authorization = '{ "bk_app_code":"app" , "bk_app_secret": "s\\"e\\u0063ret-ä", "bk_token":"t k" }';
    const { headers } = await upstreamRequest({ "x-bkapi-authorization": authorization });
    expect(headers["x-bkapi-authorization"]).toBe(authorization);
  });

  it("contain the tenant only if the caller sends one", async () => {
    expect((await upstreamRequest({ "x-bk-tenant-id": "tenant-a" })).headers["x-bk-tenant-id"]).toBe(
      "tenant-a",
    );
    expect((await upstreamRequest()).headers).not.toHaveProperty("x-bk-tenant-id");
  });

  it("contain no other headers of the caller", async () => {
    const { headers } = await upstreamRequest({
      cookie: "bk_token=1",
      origin: "http://evil.example.com",
      "x-forwarded-for": "1.2.3.4",
      "x-bk-anything": "1",
    });
    expect(Object.keys(headers).toSorted()).toEqual([
      "accept",
      "accept-encoding",
      "blueking-language",
      "connection",
      "content-type",
      "host",
      "x-bkapi-authorization",
    ]);
  });
});

describe("the language of messages", () => {
  it.each([
    ["en", "en"],
    ["EN-us", "en"],
    ["en-US,en;q=0.9", "en"],
    ["zh", "zh-cn"],
    ["zh-CN", "zh-cn"],
    ["ZH-cn,zh;q=0.9,en;q=0.8", "zh-cn"],
    ["zh-TW", "zh-cn"],
    ["zh-Hant-HK", "zh-cn"],
    ["fr", "en"],
    ["de-DE, fr;q=0.7", "en"],
    ["en;q=0.3, zh;q=0.8", "zh-cn"],
    ["zh;q=0.3, en;q=0.8", "en"],
    ["en;q=0, zh", "zh-cn"],
    ["*, en;q=0.5", undefined],
    ["*;q=0.5, en", "en"],
    ["*", undefined],
    ["", undefined],
    ["en;q=0", undefined],
    ["zha", "en"],
    [";;q=,,", undefined],
  ])("for Accept-Language «%s» is %s", async (accepted, expected) => {
    const { headers } = await upstreamRequest({ "accept-language": accepted });
    expect(headers["blueking-language"]).toBe(expected);
  });

  it("is the language of the message in the response", async () => {
    const messages = ["en", "zh-CN", "*"].map(async (language) => {
      const { data } = await queryJob(gateway, "20000000404", { "accept-language": language });
      return data.jobInstance.message;
    });
    expect(await Promise.all(messages)).toEqual([
      "Job instance does not exist",
      "作业实例不存在",
      "作业实例不存在",
    ]);
  });
});

describe("the query of an upstream call", () => {
  const ask = (selection: string) =>
    gateway.ask(`{
    jobInstance(ref: { scopeType: BIZ_SET, scopeId: "9991001", jobInstanceId: "20000000015" }) {
      ... on JobInstance { ${selection} }
    }
  }`);
  const REF = { bk_scope_type: "biz_set", bk_scope_id: "9991001", job_instance_id: "20000000015" };

  it.each([
    ["contains only the job if no host results are needed", "name steps { status }", REF],
    [
      "contains the flags of both dialects if host results are needed",
      "hostSummary { total }",
      { ...REF, return_ip_result: "true", return_execute_object_result: "true" },
    ],
  ])("%s", async (_, selection, query) => {
    gateway.simulator.requests.length = 0;

    const { errors } = await ask(selection);

    expect(errors).toBeUndefined();
    expect(gateway.simulator.requests.map(({ method, query }) => ({ method, query }))).toEqual([
      { method: "GET", query },
    ]);
  });

  it("escapes the scope id", async () => {
    gateway.simulator.requests.length = 0;
    await gateway.ask(
      "query ($id: ID!) { jobInstance(ref: { scopeId: $id, jobInstanceId: 100 }) { __typename } }",
      { id: "1&job_instance_id=2#/ ä" },
    );
    expect(gateway.simulator.requests[0]?.query).toEqual({
      bk_scope_type: "biz",
      bk_scope_id: "1&job_instance_id=2#/ ä",
      job_instance_id: "100",
    });
  });
});
