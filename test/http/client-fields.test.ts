/** The name and version of the client application in log lines. */
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AUTHORIZATION, jobQuery, jobSubscription } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { TRANSPORTS } from "../support/live-clients.ts";
import { openConnection } from "../support/raw-socket.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.logs.length = 0;
});

const NAME = "apollographql-client-name";
const VERSION = "apollographql-client-version";

const CREDENTIALS = { "x-bkapi-authorization": AUTHORIZATION };

/** The line of a request, of an operation on a WebSocket, or of a WebSocket. */
async function line(...messages: readonly string[]): Promise<Record<string, unknown>> {
  const find = () => gateway.logs.find(({ msg }) => messages.includes(String(msg)));
  await expect.poll(find).toBeDefined();
  return find() ?? {};
}

describe("the line of a request", () => {
  it("has the name and version that Apollo Client sends", async () => {
    const client = new ApolloClient({
      link: new HttpLink({ uri: gateway.url, headers: CREDENTIALS }),
      cache: new InMemoryCache(),
      clientAwareness: { name: "ops-portal", version: "1.2.0" },
    });
    // Apollo Client answers a query for the type name alone without a request.
    await client.query({ query: gql(jobQuery("100")) });
    expect(await line("request")).toMatchObject({ clientName: "ops-portal", clientVersion: "1.2.0" });
  });

  it.each([
    ["a long name, cut off", "x".repeat(101), "x".repeat(100)],
    ["characters that are not printable ASCII, replaced", "a\tb\xe9c", "a?b?c"],
    ["a name of one character", "x", "x"],
  ])("has %s", async (_, given, logged) => {
    await gateway.ask("{ __typename }", {}, { [NAME]: given, [VERSION]: given });
    expect(await line("request")).toMatchObject({ clientName: logged, clientVersion: logged });
  });

  it("has only the field that the client sends", async () => {
    await gateway.ask("{ __typename }", {}, { [VERSION]: "1" });
    expect(await line("request")).toMatchObject({ clientVersion: "1" });
    expect(await line("request")).not.toHaveProperty("clientName");
  });

  it.each([undefined, "", "  "])("has neither for the headers %j", async (value) => {
    await gateway.ask("{ __typename }", {}, { [NAME]: value, [VERSION]: value });
    expect(await line("request")).not.toHaveProperty("clientName");
    expect(await line("request")).not.toHaveProperty("clientVersion");
  });
});

it.each(TRANSPORTS)("the line of an operation by %s has the name and version", async (_, subscribe) => {
  const query = jobSubscription("20000000001");
  const stream = subscribe(gateway.url, { query }, { [NAME]: "ops-portal", [VERSION]: "1.2.0" });
  await stream.completed;
  expect(await line("request", "operation")).toMatchObject({
    clientName: "ops-portal",
    clientVersion: "1.2.0",
  });
});

describe("the lines of a WebSocket", () => {
  /** The lines of an operation and of its connection. */
  const linesFor = async (params: Record<string, unknown>, headers: Record<string, string> = {}) => {
    const { send, next, socket } = await openConnection(
      gateway.url,
      { ...CREDENTIALS, ...params },
      { headers },
    );
    send({ id: "1", type: "subscribe", payload: { query: "{ __typename }" } });
    await next();
    socket.close();
    return [await line("operation"), await line("connection")];
  };

  it.each<[string, Record<string, unknown>, Record<string, string>, object]>([
    ["those of the handshake", {}, { [NAME]: "a", [VERSION]: "1" }, { clientName: "a", clientVersion: "1" }],
    [
      "those of connection_init",
      { "ApolloGraphQL-Client-Name": "b" },
      { [NAME]: "a", [VERSION]: "1" },
      { clientName: "b", clientVersion: "1" },
    ],
    ["a long name, cut off", { [NAME]: "é\n".repeat(100) }, {}, { clientName: "??".repeat(50) }],
    [
      "those of the handshake if a value is not a string",
      { [NAME]: 1 },
      { [NAME]: "a" },
      { clientName: "a" },
    ],
  ])("have %s", async (_, params, headers, expected) => {
    for (const logged of await linesFor(params, headers)) expect(logged).toMatchObject(expected);
  });

  it("have none if there are none", async () => {
    for (const logged of await linesFor({})) {
      expect(Object.keys(logged).filter((name) => name.startsWith("client"))).toEqual([]);
    }
  });
});
