/** Queries by the clients that frontend teams use, with their default settings. */
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { Client, cacheExchange, type ExecutionResult, fetchExchange, subscriptionExchange } from "@urql/core";
import { GraphQLClient } from "graphql-request";
import { createClient as createWsClient } from "graphql-ws";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { AUTHORIZATION } from "../support/ask.ts";
import { type TestGateway, useGateway } from "../support/gateway.ts";

const HEADERS = { "x-bkapi-authorization": AUTHORIZATION };

const QUERY = `
  query Job($id: ID!) {
    jobInstance(ref: { scopeId: "1", jobInstanceId: $id }) {
      ... on JobInstance { jobInstanceId status steps { name hostSummary { failed } } }
      ... on Problem { message }
    }
  }
`;
const FAILED = { id: "20000000002" };
const EXPECTED = { jobInstanceId: "20000000002", status: "FAILED" };
const POSSIBLE_TYPES = {
  JobInstanceResult: ["JobInstance", "JobInstanceNotFound", "PermissionDenied"],
  Problem: ["JobInstanceNotFound", "PermissionDenied"],
};

/** The credentials of this job are rejected by the upstream. */
const REJECTED = { id: "20000090101" };

/** The methods and the paths of the requests that a client sends. */
function recordFetch() {
  const requests: { readonly method: string; readonly hasQuery: boolean }[] = [];
  const recording = (input: string | URL | Request, init: RequestInit = {}) => {
    const url = input instanceof Request ? input.url : String(input);
    const sent = `${decodeURIComponent(new URL(url).search)}${String(init.body ?? "")}`;
    requests.push({ method: init.method ?? "GET", hasQuery: sent.includes("jobInstance(") });
    return fetch(input, init);
  };
  return { requests, fetch: recording as typeof fetch };
}

describe("Apollo Client", () => {
  const useClient = (link: ApolloLink) => {
    const client = new ApolloClient({ link, cache: new InMemoryCache({ possibleTypes: POSSIBLE_TYPES }) });
    onTestFinished(() => client.stop());
    return client;
  };
  const query = gql(QUERY);

  it("queries by POST", async () => {
    const gateway = await useGateway();
    const client = useClient(new HttpLink({ uri: gateway.url, headers: HEADERS }));
    const { data } = await client.query({ query, variables: FAILED });
    expect(data).toMatchObject({ jobInstance: EXPECTED });
  });

  it("queries by GET", async () => {
    const gateway = await useGateway();
    const { requests, fetch } = recordFetch();
    const link = new HttpLink({ uri: gateway.url, headers: HEADERS, fetch, useGETForQueries: true });
    const client = useClient(link);
    const { data } = await client.query({ query, variables: FAILED });
    expect(data).toMatchObject({ jobInstance: EXPECTED });
    expect(requests).toEqual([{ method: "GET", hasQuery: true }]);
  });

  it("registers a persisted query once, and then sends only its hash", async () => {
    const gateway = await useGateway();
    const { requests, fetch } = recordFetch();
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
    const persisted = new PersistedQueryLink({ sha256 });
    const client = useClient(
      ApolloLink.from([persisted, new HttpLink({ uri: gateway.url, headers: HEADERS, fetch })]),
    );
    for (const id of ["20000000002", "20000000001"]) {
      const { data } = await client.query({ query, variables: { id }, fetchPolicy: "network-only" });
      expect(data).toMatchObject({ jobInstance: { jobInstanceId: id } });
    }
    expect(requests.map(({ hasQuery }) => hasQuery)).toEqual([false, true, false]);
  });

  it("reports an error with its code", async () => {
    const gateway = await useGateway();
    const client = useClient(new HttpLink({ uri: gateway.url, headers: HEADERS }));
    await expect(client.query({ query, variables: REJECTED })).rejects.toMatchObject({
      errors: [{ extensions: { code: "UNAUTHENTICATED" } }],
    });
  });
});

describe("urql", () => {
  /** With its default settings: it prefers GET for queries that fit into a URL. */
  function useUrql(gateway: TestGateway, { fetch }: { fetch?: typeof globalThis.fetch } = {}) {
    const webSocket = createWsClient({
      url: gateway.url.replace("http", "ws"),
      webSocketImpl: WebSocket,
      connectionParams: HEADERS,
    });
    onTestFinished(() => webSocket.dispose() ?? undefined);
    return new Client({
      url: gateway.url,
      fetchOptions: { headers: HEADERS },
      ...(fetch ? { fetch } : {}),
      exchanges: [
        cacheExchange,
        fetchExchange,
        subscriptionExchange({
          forwardSubscription: ({ query = "", variables }) => ({
            subscribe: ({ next, error, complete }) => ({
              unsubscribe: webSocket.subscribe(
                { query, variables: variables as Record<string, unknown> },
                { next: (result) => next(result as ExecutionResult), error, complete },
              ),
            }),
          }),
        }),
      ],
    });
  }

  it("queries by GET, and reports an error with its code", async () => {
    const { requests, fetch } = recordFetch();
    const client = useUrql(await useGateway(), { fetch });
    const { data } = await client.query(QUERY, FAILED).toPromise();
    expect(data).toMatchObject({ jobInstance: EXPECTED });
    expect(requests).toEqual([{ method: "GET", hasQuery: true }]);

    const { error } = await client.query(QUERY, REJECTED).toPromise();
    expect(error?.graphQLErrors.map(({ extensions }) => extensions.code)).toEqual(["UNAUTHENTICATED"]);
  });

  it("subscribes until the job has finished", async () => {
    const client = useUrql(await useGateway());
    const document = `subscription { jobInstanceUpdated(ref: { scopeId: "1", jobInstanceId: "20000000002" }) {
      ... on JobInstance { status isFinished } } }`;
    const { data } = await client.subscription(document, {}).toPromise();
    expect(data).toEqual({
      jobInstanceUpdated: { status: "FAILED", isFinished: true },
    });
  });
});

describe("graphql-request", () => {
  it("queries, and reports an error with its code", async () => {
    const gateway = await useGateway();
    const client = new GraphQLClient(gateway.url, { headers: HEADERS });
    expect(await client.request(QUERY, FAILED)).toMatchObject({ jobInstance: EXPECTED });
    await expect(client.request(QUERY, REJECTED)).rejects.toMatchObject({
      response: { errors: [{ extensions: { code: "UNAUTHENTICATED" } }] },
    });
  });
});
