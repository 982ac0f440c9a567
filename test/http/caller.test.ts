/** Credentials, tenant and language of a request, as sent to the upstream. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AUTHORIZATION, jobQuery } from "../support/ask.ts";
import { startGateway, type TestGateway, useGateway } from "../support/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const QUERY = jobQuery("100");

/** Headers of the upstream call for a request with these headers. */
async function upstreamHeaders(headers: Record<string, string | undefined>) {
  await gateway.ask(QUERY, {}, headers);
  return gateway.simulator.requests.at(-1)?.headers ?? {};
}

it("forwards the credentials verbatim", async () => {
  const authorization = '{"bk_app_code":"a",  "bk_app_secret":"s", "bk_token":"t"}';
  const headers = await upstreamHeaders({ "x-bkapi-authorization": authorization });
  expect(headers["x-bkapi-authorization"]).toBe(authorization);
});

it("forwards the tenant", async () => {
  expect((await upstreamHeaders({ "x-bk-tenant-id": "system" }))["x-bk-tenant-id"]).toBe("system");
});

it("sends no tenant without one", async () => {
  expect(await upstreamHeaders({})).not.toHaveProperty("x-bk-tenant-id");
});

it("forwards no other headers", async () => {
  const headers = await upstreamHeaders({
    authorization: "Bearer x",
    cookie: "bk_token=x",
    "x-request-id": "mine",
    "x-forwarded-for": "192.0.2.1",
    "x-anything": "1",
  });
  expect(Object.keys(headers).toSorted()).toEqual([
    "accept",
    "accept-encoding",
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

describe("Authorization: Bearer", () => {
  const WITHOUT_HEADER = { "x-bkapi-authorization": undefined };

  it.each([
    ["Bearer t-1", "t-1"],
    ["bearer t-1", "t-1"],
    ["BEARER   t-1 ", "t-1"],
    ['Bearer a"b\\c', 'a"b\\c'],
    ["Bearer aZ09-._~+/==", "aZ09-._~+/=="],
  ])("is an access token: %s", async (authorization, token) => {
    const headers = await upstreamHeaders({ ...WITHOUT_HEADER, authorization });
    expect(headers["x-bkapi-authorization"]).toBe(JSON.stringify({ access_token: token }));
    expect(headers).not.toHaveProperty("authorization");
  });

  it("is ignored beside X-Bkapi-Authorization, even if it is malformed", async () => {
    for (const authorization of ["Bearer other", "Bearer"]) {
      expect((await upstreamHeaders({ authorization }))["x-bkapi-authorization"]).toBe(AUTHORIZATION);
    }
  });

  it("takes precedence over the login cookie and over the demo credentials", async () => {
    const { ask, simulator } = await useGateway({
      upstream: { app: { code: "my-app", secret: "s3cr3t" }, defaultAuthorization: AUTHORIZATION },
    });
    const headers = { ...WITHOUT_HEADER, authorization: "Bearer t-1", cookie: "bk_token=t-2" };
    await ask(QUERY, {}, headers);
    expect(simulator.requests.at(-1)?.headers["x-bkapi-authorization"]).toBe('{"access_token":"t-1"}');
  });

  it.each(["Bearer", "bearer ", "Bearer a b", "Bearer a, Bearer b", "Bearer tøken"])(
    "is UNAUTHENTICATED without an upstream call if it is malformed, even beside a cookie: %s",
    async (authorization) => {
      const { ask, simulator, logs } = await useGateway({
        upstream: { defaultAuthorization: AUTHORIZATION },
      });
      const { data, errors } = await ask(
        QUERY,
        {},
        { ...WITHOUT_HEADER, authorization, cookie: "bk_token=t-2" },
      );
      expect(data).toEqual({ jobInstance: null });
      expect(errors).toMatchObject([
        { message: expect.stringMatching(/^Malformed header Authorization\./), path: ["jobInstance"] },
      ]);
      expect(errors?.[0]?.extensions).toEqual({ code: "UNAUTHENTICATED" });
      expect(simulator.requests).toEqual([]);
      expect(JSON.stringify([errors, logs])).not.toMatch(/a b|tøken/);
    },
  );

  it.each(["Basic dXNlcjpwYXNz", "Bearerx t-1", "Digest username=x", "t-1"])(
    "is not the scheme of %s, which is ignored",
    async (authorization) => {
      const cookie = "bk_token=t-2";
      const headers = await upstreamHeaders({ ...WITHOUT_HEADER, authorization, cookie });
      expect(headers["x-bkapi-authorization"]).toBe('{"bk_token":"t-2"}');
    },
  );

  it("is redacted if the upstream echoes it", async () => {
    const { ask, simulator, logs } = await useGateway({ config: { logLevel: "trace" } });
    simulator.script("7", ({ headers }) => ({
      kind: "json",
      status: 500,
      body: {
        error: {
          code: "INTERNAL",
          message: `seen: ${headers["x-bkapi-authorization"]}, Bearer bearer-"0123, bearer-%220123`,
        },
      },
    }));
    const { errors } = await ask(
      jobQuery("7"),
      {},
      { ...WITHOUT_HEADER, authorization: 'Bearer bearer-"0123' },
    );
    expect(errors?.[0]?.message).toBe("seen: ***, Bearer ***, ***");
    expect(JSON.stringify(logs)).not.toContain("0123");
  });
});

describe("the login cookie", () => {
  const APP = { code: "my-app", secret: "s3cr3t" };

  it.each([
    ["bk_token", "bk_token=t-1", { bk_token: "t-1" }],
    ["bk_ticket", "bk_ticket=t-2", { bk_ticket: "t-2" }],
    ["both", "bk_ticket=t-2; bk_token=t-1", { bk_token: "t-1", bk_ticket: "t-2" }],
    ["one among others", "csrf=1; bk_token=t-1; bk_uid=admin", { bk_token: "t-1" }],
    ["a percent-encoded one", "bk_token=t%2B1%3D", { bk_token: "t+1=" }],
    ["one in quotes", 'bk_token="t-1"', { bk_token: '"t-1"' }],
    ["characters that are not allowed in a header", "bk_token=%E7%94%B0%0D%0A", { bk_token: "田\r\n" }],
  ])("is a credential: %s", async (_what, cookie, credentials) => {
    const headers = await upstreamHeaders({ "x-bkapi-authorization": undefined, cookie });
    expect(JSON.parse(String(headers["x-bkapi-authorization"]))).toEqual(credentials);
  });

  it("is sent with the app code and secret if they are configured", async () => {
    const { ask, simulator } = await useGateway({ upstream: { app: APP } });
    await ask(QUERY, {}, { "x-bkapi-authorization": undefined, cookie: "bk_token=t-1" });
    expect(simulator.requests.at(-1)?.headers["x-bkapi-authorization"]).toBe(
      '{"bk_app_code":"my-app","bk_app_secret":"s3cr3t","bk_token":"t-1"}',
    );
  });

  it("is ignored if the header is present, which is forwarded unchanged", async () => {
    const { ask, simulator } = await useGateway({ upstream: { app: APP } });
    await ask(QUERY, {}, { cookie: "bk_token=t-1" });
    expect(simulator.requests.at(-1)?.headers["x-bkapi-authorization"]).toBe(AUTHORIZATION);
  });

  it("takes precedence over the demo credentials", async () => {
    const { ask, simulator } = await useGateway({ upstream: { defaultAuthorization: AUTHORIZATION } });
    await ask(QUERY, {}, { "x-bkapi-authorization": undefined, cookie: "bk_token=t-1" });
    expect(simulator.requests.at(-1)?.headers["x-bkapi-authorization"]).toBe('{"bk_token":"t-1"}');
  });

  it.each(["", "bk_token=", "bk_token", "bk_uid=admin", "BK_TOKEN=t-1"])(
    "is missing in %j, and the app alone does not authenticate",
    async (cookie) => {
      const { ask, simulator } = await useGateway({ upstream: { app: APP } });
      const { errors } = await ask(QUERY, {}, { "x-bkapi-authorization": undefined, cookie });
      expect(errors).toMatchObject([{ extensions: { code: "UNAUTHENTICATED" } }]);
      expect(simulator.requests).toEqual([]);
    },
  );

  it("is redacted if the upstream echoes it, and so is the app secret", async () => {
    const { ask, simulator, logs } = await useGateway({
      upstream: { app: { code: "my-app", secret: "s3cr3t-of-app" } },
      config: { logLevel: "trace" },
    });
    simulator.script("7", ({ headers }) => ({
      kind: "json",
      status: 500,
      body: { error: { code: "INTERNAL", message: `seen: ${headers["x-bkapi-authorization"]}` } },
    }));
    const { errors } = await ask(
      jobQuery("7"),
      {},
      { "x-bkapi-authorization": undefined, cookie: "bk_token=token-0123" },
    );
    expect(errors?.[0]?.message).toMatch(/^seen: /);
    expect(JSON.stringify([errors, logs])).not.toMatch(/s3cr3t-of-app|token-0123/);
  });
});

describe("a caller without credentials", () => {
  it.each([undefined, "", "   "])("is UNAUTHENTICATED, without an upstream call (%j)", async (value) => {
    const before = gateway.simulator.requests.length;
    const { errors, data } = await gateway.ask(QUERY, {}, { "x-bkapi-authorization": value });
    expect(errors).toMatchObject([{ path: ["jobInstance"], extensions: { code: "UNAUTHENTICATED" } }]);
    expect(data).toEqual({ jobInstance: null });
    expect(gateway.simulator.requests).toHaveLength(before);
  });

  it("uses the demo credentials with the simulator", async () => {
    const demo = await useGateway({ upstream: { defaultAuthorization: AUTHORIZATION } });
    const { data } = await demo.ask(QUERY, {}, { "x-bkapi-authorization": undefined });
    expect(data).toEqual({ jobInstance: { __typename: "JobInstance" } });
  });
});
