/** Messages about a wrong URL: what is wrong, and nothing secret. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createJobClient } from "../../src/client/index.ts";
import { AUTHORIZATION } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { useClosedPort } from "../support/listen.ts";
import { errorOf } from "./error-of.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const HEADERS = { "x-bkapi-authorization": AUTHORIZATION, "accept-language": "en" };
const refOf = (jobInstanceId: string) => ({ scopeId: "1", jobInstanceId });

describe("the URL in messages", () => {
  const SECRET_URL = "http://127.0.0.1:4000/graphql?token=hunter2";

  it("is without its query string", async () => {
    const refuse = () => Promise.reject(new TypeError("fetch failed", { cause: new Error("refused") }));
    const client = createJobClient({ url: SECRET_URL, fetch: refuse });
    const error = await errorOf(client.jobInstance(refOf("1")));
    expect(error.message).toBe("The gateway at http://127.0.0.1:4000/graphql could not be reached: refused.");
    expect(error.cause).toMatchObject({ message: "fetch failed" });
  });

  it.each([
    ["a reason with a URL", new TypeError("fetch failed", { cause: new Error(`no route to ${SECRET_URL}`) })],
    ["no reason, as in browsers", new TypeError("Failed to fetch")],
    ["an empty reason", new TypeError("fetch failed", { cause: new AggregateError([]) })],
  ])("is alone if there is %s", async (_, cause) => {
    const client = createJobClient({ url: gateway.url, fetch: () => Promise.reject(cause) });
    const error = await errorOf(client.jobInstance(refOf("1")));
    expect(error).toMatchObject({ message: `The gateway at ${gateway.url} could not be reached.`, cause });
  });

  it("is followed by the reason why there is no connection", async () => {
    const port = await useClosedPort();
    const url = `http://127.0.0.1:${port}/graphql`;
    const error = await errorOf(createJobClient({ url }).jobInstance(refOf("1")));
    expect(error).toMatchObject({
      code: "CONNECTION_LOST",
      message: `The gateway at ${url} could not be reached: connect ECONNREFUSED 127.0.0.1:${port}.`,
    });
    const overTls = gateway.url.replace("http:", "https:");
    expect((await errorOf(createJobClient({ url: overTls }).jobInstance(refOf("1")))).message).toBe(
      `The gateway at ${overTls} could not be reached: wrong version number.`,
    );
  });

  it("is not that of a GraphQL endpoint: another path of the gateway", async () => {
    const url = new URL("/?token=hunter2", gateway.url);
    const root = createJobClient({ url, headers: HEADERS });
    expect(await errorOf(root.jobInstance(refOf("1")))).toMatchObject({
      code: "BAD_REQUEST",
      status: 405,
      requestId: expect.any(String),
      errors: [expect.anything()],
      message: `${url.origin}/ is not a GraphQL endpoint: Method POST is not allowed. Use one of GET, HEAD. Expected a URL such as https://gateway.example.com/graphql.`,
    });
    expect(await errorOf(root.watch(refOf("1")).next())).toMatchObject({
      status: 404,
      message: expect.stringMatching(
        `^${url.origin}/stream is not a GraphQL endpoint: No such path\\. .+ Expected a URL such as `,
      ),
    });
  });
});
