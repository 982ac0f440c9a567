/** What of a request's headers the upstream gets to see. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AUTHORIZATION, startGateway, type TestGateway, useGateway } from "../support/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const QUERY = '{ jobInstance(ref: { scopeId: "1", jobInstanceId: "100" }) { __typename } }';

/** The headers of the upstream call that a request with these headers causes. */
async function upstreamHeaders(headers: Record<string, string | undefined>) {
  await gateway.run(QUERY, {}, headers);
  return gateway.simulator.requests.at(-1)?.headers ?? {};
}

it("passes the credentials on as they came", async () => {
  const authorization = '{"bk_app_code":"a",  "bk_app_secret":"s", "bk_token":"t"}';
  const headers = await upstreamHeaders({ "x-bkapi-authorization": authorization });
  expect(headers["x-bkapi-authorization"]).toBe(authorization);
});

it("passes the tenant on", async () => {
  expect((await upstreamHeaders({ "x-bk-tenant-id": "system" }))["x-bk-tenant-id"]).toBe("system");
});

it("names no tenant without one", async () => {
  expect(await upstreamHeaders({})).not.toHaveProperty("x-bk-tenant-id");
});

it("passes nothing else on", async () => {
  const headers = await upstreamHeaders({
    authorization: "Bearer x",
    cookie: "bk_token=x",
    "x-request-id": "mine",
    "x-forwarded-for": "192.0.2.1",
    "x-anything": "1",
  });
  expect(Object.keys(headers).toSorted()).toEqual([
    "accept",
    "connection",
    "content-type",
    "host",
    "x-bkapi-authorization",
  ]);
});

describe("language", () => {
  it.each([
    ["zh-CN,zh;q=0.9,en;q=0.8", "zh-cn"],
    ["zh", "zh-cn"],
    ["zh-TW", "zh-cn"],
    ["ZH-cn", "zh-cn"],
    ["en", "en"],
    ["en-GB,en;q=0.9,zh;q=0.8", "en"],
    ["fr", "en"],
    ["zh;q=0.5, en", "en"],
    ["en;q=0, zh", "zh-cn"],
    ["*", undefined],
    ["", undefined],
  ])("of Accept-Language %j is %j", async (accepted, expected) => {
    const headers = await upstreamHeaders({ "accept-language": accepted });
    expect(headers["blueking-language"]).toBe(expected);
  });
});

describe("a caller without credentials", () => {
  it.each([undefined, "", "   "])(
    "is UNAUTHENTICATED, and nothing is asked of the upstream (%j)",
    async (value) => {
      const before = gateway.simulator.requests.length;
      const { errors, data } = await gateway.run(QUERY, {}, { "x-bkapi-authorization": value });
      expect(errors).toMatchObject([{ path: ["jobInstance"], extensions: { code: "UNAUTHENTICATED" } }]);
      expect(data).toEqual({ jobInstance: null });
      expect(gateway.simulator.requests).toHaveLength(before);
    },
  );

  it("gets those of the demo with the simulator", async () => {
    const demo = await useGateway({ upstream: { defaultAuthorization: AUTHORIZATION } });
    const { data } = await demo.run(QUERY, {}, { "x-bkapi-authorization": undefined });
    expect(data).toEqual({ jobInstance: { __typename: "JobInstance" } });
  });
});
