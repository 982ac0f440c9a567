/** Allowed origins and the CORS headers of responses. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isAllowedOrigin } from "../../src/http/origin.ts";
import { AUTHORIZATION, jobQuery, postOperation } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";

describe("isAllowedOrigin", () => {
  it.each<[origin: string, host: string, isOwn: boolean]>([
    ["https://example.com", "example.com", true],
    ["https://example.com", "example.com:443", true],
    ["https://example.com:443", "example.com", true],
    ["http://example.com", "example.com:80", true],
    ["http://example.com:80", "example.com", true],
    ["https://example.com", "EXAMPLE.com", true],
    ["http://example.com:4000", "example.com:4000", true],
    ["https://example.com", "example.com:80", false],
    ["http://example.com", "example.com:443", false],
    ["http://example.com:4000", "example.com", false],
    ["https://example.com", "example.com.evil.net", false],
    ["https://evil.net", "example.com", false],
    ["null", "example.com", false],
    ["https://example.com", "", false],
    ["https://example.com", "a b", false],
  ])("of %s with the host %s: %s", (origin, host, isOwn) => {
    expect(isAllowedOrigin({ origin, host }, [])).toBe(isOwn);
    expect(isAllowedOrigin({ origin, host }, ["https://elsewhere.net"])).toBe(isOwn);
  });
});

const OPS = "https://ops.example.com";
const OTHER = "https://other.example.com";
const CORS = /^access-control-/;

const corsHeaders = ({ headers }: Response) =>
  Object.fromEntries([...headers].filter(([name]) => CORS.test(name)));

/** The preflight request of a browser. */
const preflight = (url: string, origin: string, headers = {}) =>
  fetch(url, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,x-bkapi-authorization",
      ...headers,
    },
  });

const JSON_TYPE = { "content-type": "application/json" };

const post = (url: string, origin: string, accept = "*/*") =>
  postOperation(url, { query: "{ __typename }" }, { origin, accept, "x-bkapi-authorization": AUTHORIZATION });

/** CORS headers for an allowed origin, which may also send cookies. */
const NAMED = {
  "access-control-allow-origin": OPS,
  "access-control-allow-credentials": "true",
  "access-control-expose-headers":
    "retry-after, x-request-id, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset",
};

describe.each(["", "/stream"])("at /graphql%s", (path) => {
  const accept = path === "" ? "*/*" : "text/event-stream";
  const start = async (allowedOrigins: string[]) => {
    gateway = await startGateway({ config: { allowedOrigins } });
  };
  let gateway: TestGateway;
  const url = () => gateway.url + path;

  describe("with some allowed origins", () => {
    beforeAll(() => start(["https://a.example.com", OPS]));
    afterAll(() => gateway.close());

    it("lets a page of an allowed origin read responses, including errors", async () => {
      const [response, refusal] = await Promise.all([post(url(), OPS, accept), post(`${url()}/x`, OPS)]);
      expect([response.status, corsHeaders(response)]).toEqual([200, NAMED]);
      expect([refusal.status, corsHeaders(refusal)]).toEqual([404, NAMED]);
      expect(response.headers.get("vary")).toBe("Origin");
    });

    it("lets it send the headers of clients", async () => {
      const response = await preflight(url(), OPS);
      expect([response.status, await response.text()]).toEqual([204, ""]);
      const { "access-control-allow-headers": headers = "", ...others } = corsHeaders(response);
      expect(others).toEqual({
        ...NAMED,
        "access-control-allow-methods": "GET, POST",
        "access-control-max-age": "600",
      });
      expect(headers.split(", ")).toEqual(
        expect.arrayContaining([
          "content-type",
          "authorization",
          "x-bkapi-authorization",
          "x-bk-tenant-id",
          "accept-language",
          "apollo-require-preflight",
          "cache-control",
          "x-request-deadline-ms",
          "x-request-id",
        ]),
      );
    });

    it.each([OTHER, `${OPS}:8443`, "http://ops.example.com", "null"])(
      "returns no CORS headers to a page of %s",
      async (origin) => {
        const asked = await preflight(url(), origin);
        expect([asked.status, corsHeaders(asked)]).toEqual([405, {}]);
        expect(corsHeaders(await post(url(), origin, accept))).toEqual({});
      },
    );

    it.each([
      ["with a content type", JSON_TYPE, null],
      ["with a content type that is not read", { "content-type": "text/xml" }, null],
      ["with a body", JSON_TYPE, "{}"],
      ["of nothing", {}, null],
    ])("refuses OPTIONS %s as other methods, whatever the origin", async (_, headers, body) => {
      for (const [origin, method] of [
        [OTHER, { "access-control-request-method": "POST" }],
        [OTHER, {}],
        [OPS, {}],
      ] as const) {
        const init = { method: "OPTIONS", headers: { origin, ...method, ...headers }, body };
        const response = await fetch(url(), init);
        expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, POST"]);
        expect(await response.json()).toMatchObject({
          errors: [{ message: "Method OPTIONS is not allowed. Use one of GET, POST." }],
        });
        expect(corsHeaders(response)).toEqual(origin === OPS ? NAMED : {});
      }
    });

    it("answers a preflight that has a content type", async () => {
      expect((await preflight(url(), OPS, JSON_TYPE)).status).toBe(204);
    });
  });

  describe("with all origins allowed", () => {
    beforeAll(() => start(["*"]));
    afterAll(() => gateway.close());

    it("lets pages of any origin read responses, without cookies", async () => {
      expect(corsHeaders(await post(url(), OTHER, accept))).toEqual({
        "access-control-allow-origin": "*",
        "access-control-expose-headers":
          "retry-after, x-request-id, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset",
      });
      const asked = await preflight(url(), OTHER);
      expect(asked.status).toBe(204);
      expect(corsHeaders(asked)).not.toHaveProperty("access-control-allow-credentials");
    });
  });

  describe("without allowed origins", () => {
    beforeAll(() => start([]));
    afterAll(() => gateway.close());

    it("returns no CORS headers", async () => {
      const [asked, response] = await Promise.all([preflight(url(), OPS), post(url(), OPS, accept)]);
      expect([asked.status, corsHeaders(asked), corsHeaders(response)]).toEqual([405, {}, {}]);
      expect(response.headers.get("vary")).toBeNull();
    });
  });
});

it("lets a page read the error during shutdown", async () => {
  const gateway = await startGateway({ config: { allowedOrigins: [OPS] } });
  gateway.simulator.script("40000000001", () => ({ kind: "hang" }));
  const query = jobQuery("40000000001");
  const client = new AbortController();
  const credentials = { "x-bkapi-authorization": AUTHORIZATION };
  const hanging = postOperation(gateway.url, { query }, credentials, client.signal).catch(() => null);
  await expect.poll(() => gateway.simulator.requests.length).toBe(1);
  const closed = gateway.close();
  const refused = await post(gateway.url, OPS);
  expect([refused.status, corsHeaders(refused)]).toEqual([503, NAMED]);
  client.abort();
  await Promise.all([hanging, closed]);
});
