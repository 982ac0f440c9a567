/**
 * Trusted documents, requested as clients do. The manifests in `test/data/trusted-documents/` are the output of
 * `generate-persisted-query-manifest` 1.4.0 and of the client preset 6.2.0 with `persistedDocuments` and
 * `addTypenameSelectionDocumentTransform`, for the documents below.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ApolloClient, ApolloLink, type DocumentNode, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { getOperationAST } from "graphql";
import { createClient as createWsClient } from "graphql-ws";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { readTrustedDocuments } from "../../src/trusted-documents.ts";
import { AUTHORIZATION, ask, postOperation } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { DOCUMENT_LIMITS } from "../support/limits.ts";
import { blocksOf, ROOT } from "../support/readme.ts";
import { runScript } from "../support/shell.ts";

const FOLDER = "test/data/trusted-documents";
const OPTIONS = { introspection: true, federation: false, limits: DOCUMENT_LIMITS };
const APOLLO = readTrustedDocuments(`${FOLDER}/persisted-query-manifest.json`, OPTIONS);
const CLIENT_PRESET = readTrustedDocuments(`${FOLDER}/persisted-documents.json`, OPTIONS);

const JOB = `query Job($ref: JobInstanceRef!) {
  jobInstance(ref: $ref) {
    ... on JobInstance { name status }
    ... on Problem { message }
  }
}`;
const JOB_UPDATED = `subscription JobUpdated($ref: JobInstanceRef!) {
  jobInstanceUpdated(ref: $ref) {
    ... on JobInstance { name status }
  }
}`;
const variables = { ref: { scopeId: "1", jobInstanceId: "20000000002" } };
const RESULT = { __typename: "JobInstance", name: "日志清理", status: "FAILED" };

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** The id of the document whose operation has this name. */
const idIn = ({ documents }: typeof APOLLO, name: string): string => {
  const found = [...documents].find(([, text]) => new RegExp(`^\\w+ ${name}\\b`).test(text));
  if (!found) throw new Error(`Expected an operation ${name}.`);
  return found[0];
};
const textIn = (file: typeof APOLLO, name: string): string => file.documents.get(idIn(file, name)) ?? "";

const HEADERS = { "content-type": "application/json", "x-bkapi-authorization": AUTHORIZATION };
const MULTIPART = "multipart/mixed;subscriptionSpec=1.0,application/json";
const QUERY = textIn(APOLLO, "Job");
const QUERY_ID = idIn(APOLLO, "Job");
const SUBSCRIPTION = textIn(APOLLO, "JobUpdated");
const SUBSCRIPTION_ID = idIn(APOLLO, "JobUpdated");
const UNKNOWN_ID = "0".repeat(64);
const persisted = (sha256Hash: string) => ({ persistedQuery: { version: 1, sha256Hash } });

/** Accepts trusted documents of both manifests and all others. */
let open: TestGateway;
/** Accepts only trusted documents. */
let closed: TestGateway;
beforeAll(async () => {
  const documents = new Map([...APOLLO.documents, ...CLIENT_PRESET.documents]);
  open = await startGateway({ config: { trustedDocuments: { documents, only: false } } });
  closed = await startGateway({ config: { trustedDocuments: { documents, only: true } } });
});
afterAll(async () => {
  await open.close();
  await closed.close();
});
beforeEach(() => {
  open.simulator.requests.length = 0;
  closed.simulator.requests.length = 0;
});

interface Body {
  readonly query?: string;
  readonly documentId?: string;
  readonly extensions?: object;
}

/** The first response of an operation, as text. */
type Send = (gateway: TestGateway, body: Body) => Promise<string>;

const inUrl = (body: Body): string =>
  String(
    new URLSearchParams(
      Object.entries({ ...body, variables }).map(([name, value]) => [
        name,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    ),
  );

const textOf = async (response: Promise<Response>) => (await response).text();

const byPost: Send = ({ url }, body) => textOf(postOperation(url, { ...body, variables }, HEADERS));
const byGet: Send = ({ url }, body) => textOf(fetch(`${url}?${inUrl(body)}`, { headers: HEADERS }));
const byMultipart: Send = ({ url }, body) =>
  textOf(postOperation(url, { ...body, variables }, { ...HEADERS, accept: MULTIPART }));
const byEvents: Send = ({ url }, body) =>
  textOf(postOperation(`${url}/stream`, { ...body, variables }, { ...HEADERS, accept: "text/event-stream" }));
const byEventsWithGet: Send = ({ url }, body) =>
  textOf(fetch(`${url}/stream?${inUrl(body)}`, { headers: { ...HEADERS, accept: "text/event-stream" } }));
const byWebSocket: Send = ({ url }, body) =>
  new Promise((resolve) => {
    const socket = new WebSocket(url.replace("http", "ws"), "graphql-transport-ws", { headers: HEADERS });
    socket.once("open", () => socket.send('{"type":"connection_init"}'));
    socket.on("message", (data) => {
      const { type } = JSON.parse(String(data));
      if (type === "connection_ack") {
        socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { ...body, variables } }));
      } else {
        resolve(String(data));
        socket.close();
      }
    });
    socket.once("close", (code, reason) => resolve(`${code} ${reason}`));
  });

const QUERIES: readonly [string, Send][] = [
  ["POST", byPost],
  ["GET", byGet],
];
const SUBSCRIPTIONS: readonly [string, Send][] = [
  ["multipart", byMultipart],
  ["server-sent events", byEvents],
  ["server-sent events by GET", byEventsWithGet],
  ["WebSocket", byWebSocket],
];
const ALL = [...QUERIES, ...SUBSCRIPTIONS];

describe.each([
  ["a gateway that also runs other documents", () => open],
  ["a gateway that runs only trusted documents", () => closed],
])("%s", (_name, gateway) => {
  const ids = (id: string): readonly [string, Body][] => [
    ["documentId", { documentId: id }],
    ["the hash of a persisted query", { extensions: persisted(id) }],
    ["a persisted query that is the id", { extensions: { persistedQuery: id } }],
  ];

  it.each(QUERIES)("runs a query by its id over %s", async (_transport, send) => {
    for (const id of [QUERY_ID, idIn(CLIENT_PRESET, "Job"), `sha256:${QUERY_ID}`]) {
      for (const [, body] of ids(id)) {
        expect(JSON.parse(await send(gateway(), body))).toEqual({
          data: expect.objectContaining({ jobInstance: RESULT }),
        });
      }
    }
  });

  it.each(SUBSCRIPTIONS)("runs a subscription by its id over %s", async (_transport, send) => {
    for (const id of [SUBSCRIPTION_ID, idIn(CLIENT_PRESET, "JobUpdated")]) {
      for (const [, body] of ids(id)) expect(await send(gateway(), body)).toContain('"日志清理"');
    }
  });

  it.each(ALL)("runs the text of a trusted document over %s", async (_transport, send) => {
    const query = QUERIES.some(([, each]) => each === send) ? QUERY : SUBSCRIPTION;
    const extensions = persisted(sha256(query));
    for (const body of [{ query }, { query, extensions }, { query, documentId: sha256(query) }]) {
      expect(await send(gateway(), body)).toContain('"日志清理"');
    }
  });

  it.each(ALL)("rejects an id beside another document over %s", async (_transport, send) => {
    const response = await send(gateway(), { query: "{ __typename }", documentId: QUERY_ID });
    expect(response).toContain("Expected `query` to be the trusted document with this id");
    expect(response).toContain('"BAD_REQUEST"');
  });

  it("reports variables and names as for any document", async () => {
    const { url } = gateway();
    const missing = await ask(url, { documentId: QUERY_ID } as object, HEADERS);
    expect(missing.errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
    const list = await ask(url, { documentId: QUERY_ID, variables: [] } as object, HEADERS);
    expect(list.errors).toMatchObject([{ extensions: { code: "BAD_REQUEST" } }]);
    const other = await ask(
      url,
      { documentId: QUERY_ID, operationName: "Other", variables } as object,
      HEADERS,
    );
    expect(other.errors).toMatchObject([{ extensions: { code: "OPERATION_RESOLUTION_FAILURE" } }]);
  });

  it("blocks GET requests by id that another site can send", async () => {
    const { url, simulator } = gateway();
    const response = await fetch(`${url}?${inUrl({ documentId: QUERY_ID })}`);
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining("CSRF")]);
    expect(simulator.requests).toEqual([]);
  });
});

describe("a gateway that also runs other documents", () => {
  it.each(ALL)("does not find an unknown id over %s", async (_transport, send) => {
    expect(await send(open, { documentId: UNKNOWN_ID })).toContain('"PERSISTED_QUERY_NOT_FOUND"');
  });

  it.each(ALL)("runs the document beside an unknown id over %s", async (_transport, send) => {
    expect(await send(open, { query: "{ __typename }", documentId: UNKNOWN_ID })).toContain('"Query"');
  });

  it("has automatic persisted queries", async () => {
    const query = "{ automatic: __typename }";
    const extensions = persisted(sha256(query));
    expect(await byPost(open, { extensions })).toContain('"PERSISTED_QUERY_NOT_FOUND"');
    expect(await byPost(open, { query, extensions })).toContain('"automatic":"Query"');
    expect(await byGet(open, { extensions })).toContain('"automatic":"Query"');
  });
});

describe("a gateway that runs only trusted documents", () => {
  const other = "{ __typename }";
  const REJECTED: readonly [string, Body][] = [
    ["another document", { query: other }],
    ["a trusted document with a comment", { query: `${QUERY} # changed` }],
    ["a document with a syntax error", { query: "{" }],
    ["introspection", { query: "{ __schema { queryType { name } } }" }],
    ["an unknown id", { documentId: UNKNOWN_ID }],
    ["a persisted query that is an unknown id", { extensions: { persistedQuery: UNKNOWN_ID } }],
    ["an unknown id and a document", { documentId: UNKNOWN_ID, query: other }],
    ["an automatic persisted query", { query: other, extensions: persisted(sha256(other)) }],
    ["the hash of an automatic persisted query", { extensions: persisted(sha256(other)) }],
  ];

  describe.each(ALL)("over %s", (_transport, send) => {
    it.each(REJECTED)("rejects %s", async (_what, body) => {
      const response = await send(closed, body);
      expect(response).toContain('"code":"UNTRUSTED_DOCUMENT"');
      expect(response.match(/This gateway runs only trusted documents\./g)).toHaveLength(1);
      expect(closed.simulator.requests).toEqual([]);
    });
  });

  it("responds with status 400", async () => {
    expect((await closed.ask(other)).status).toBe(400);
  });

  it("tells the page of the explorer", async () => {
    const notice = "&quot;isTrustedOnly&quot;:true";
    const pageOf = ({ url }: TestGateway) => textOf(fetch(url, { headers: { accept: "text/html" } }));
    expect(await pageOf(closed)).toContain(notice);
    expect(await pageOf(open)).not.toContain(notice);
  });
});

describe("Apollo Client", () => {
  interface Setup {
    readonly document: (name: "Job" | "JobUpdated") => DocumentNode;
    readonly link: (useGETForHashedQueries: boolean) => PersistedQueryLink;
  }

  const texts = { Job: JOB, JobUpdated: JOB_UPDATED };

  /** With the default of `generate-persisted-query-manifest`, an id is the hash that the link computes. */
  const withHashes: Setup = {
    document: (name) => gql(texts[name]),
    link: (useGETForHashedQueries) => new PersistedQueryLink({ sha256, useGETForHashedQueries }),
  };

  /** As `@apollo/persisted-query-lists` does: ids by operation name. */
  const withManifest: Setup = {
    document: withHashes.document,
    link: (useGETForHashedQueries) =>
      new PersistedQueryLink({
        generateHash: (document) => idIn(APOLLO, getOperationAST(document)?.name?.value ?? ""),
        useGETForHashedQueries,
      }),
  };

  /** As in the documentation of the client preset. Its generated documents have their hash in `__meta__`. */
  const withClientPreset: Setup = {
    document: (name) => ({
      ...gql(textIn(CLIENT_PRESET, name)),
      ...{ __meta__: { hash: idIn(CLIENT_PRESET, name) } },
    }),
    link: (useGETForHashedQueries) =>
      new PersistedQueryLink({
        // biome-ignore lint/suspicious/noExplicitAny: generated documents have a field that their type lacks
        generateHash: (document: any) => document.__meta__.hash,
        useGETForHashedQueries,
      }),
  };

  const SETUPS: readonly [string, Setup][] = [
    ["hashes of documents", withHashes],
    ["Apollo's manifest", withManifest],
    ["the client preset", withClientPreset],
  ];

  const createClient = (...links: ApolloLink[]) => {
    const client = new ApolloClient({
      link: ApolloLink.from(links),
      cache: new InMemoryCache({
        possibleTypes: {
          Problem: ["JobInstanceNotFound", "PermissionDenied"],
          JobInstanceResult: ["JobInstance", "JobInstanceNotFound", "PermissionDenied"],
        },
      }),
    });
    onTestFinished(() => client.stop());
    return client;
  };

  /** Has seen no document, and so has no automatic persisted query. */
  let gateway: TestGateway;
  beforeAll(async () => {
    const documents = new Map([...APOLLO.documents, ...CLIENT_PRESET.documents]);
    gateway = await startGateway({
      config: { trustedDocuments: { documents, only: true } },
      upstream: { defaultAuthorization: AUTHORIZATION },
    });
  });
  afterAll(() => gateway.close());

  const bodies: string[] = [];
  beforeEach(() => {
    bodies.length = 0;
  });
  const http = () =>
    new HttpLink({
      uri: gateway.url,
      headers: HEADERS,
      fetch: (url, init) => {
        bodies.push(`${url} ${init?.body ?? ""}`);
        return fetch(url, init);
      },
    });

  const first = (client: ApolloClient, query: DocumentNode) =>
    new Promise((resolve, reject) => {
      client
        .subscribe({ query, variables })
        .subscribe({ next: ({ data, error }) => resolve(error ?? data), error: reject });
    });

  describe.each(SETUPS)("with %s", (_name, { document, link }) => {
    it.each([
      ["POST", false],
      ["GET", true],
    ])("queries by %s without sending the document", async (_method, useGet) => {
      const { data } = await createClient(link(useGet), http()).query({ query: document("Job"), variables });
      expect(data).toMatchObject({ jobInstance: RESULT });
      expect(bodies).toEqual([expect.not.stringContaining("status")]);
      expect(bodies[0]?.includes("persistedQuery")).toBe(true);
    });

    it("subscribes by multipart without sending the document", async () => {
      const client = createClient(link(false), http());
      expect(await first(client, document("JobUpdated"))).toMatchObject({ jobInstanceUpdated: RESULT });
      expect(bodies).toEqual([expect.not.stringContaining("status")]);
    });

    it("subscribes with GraphQLWsLink, which sends the document, too", async () => {
      const socket = createWsClient({
        url: gateway.url.replace("http", "ws"),
        webSocketImpl: WebSocket,
        connectionParams: HEADERS,
      });
      onTestFinished(() => void socket.dispose());
      const client = createClient(link(false), new GraphQLWsLink(socket));
      expect(await first(client, document("JobUpdated"))).toMatchObject({ jobInstanceUpdated: RESULT });
    });
  });

  it.each(blocksOf("js").filter((block) => block.includes("PersistedQueryLink")))(
    "queries with the recipe %# of the documentation",
    async (recipe) => {
      const folder = mkdtempSync(join(tmpdir(), "trusted-documents-"));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      symlinkSync(fileURLToPath(new URL("node_modules", ROOT)), join(folder, "node_modules"));
      const path = join(folder, "recipe.mjs");
      const text = recipe.includes("__meta__") ? textIn(CLIENT_PRESET, "Job") : JOB;
      const meta = { __meta__: { hash: idIn(CLIENT_PRESET, "Job") } };
      writeFileSync(
        path,
        `${recipe.replace('"/graphql"', JSON.stringify(gateway.url))}
        import { ApolloClient, gql, InMemoryCache } from "@apollo/client";
        const query = { ...gql(${JSON.stringify(text)}), ...${JSON.stringify(meta)} };
        const client = new ApolloClient({ link, cache: new InMemoryCache() });
        const { data } = await client.query({ query, variables: ${JSON.stringify(variables)} });
        console.log(data.jobInstance.name);
        client.stop();`,
      );
      expect(await runScript(path, {})).toContain("日志清理");
    },
  );

  it("gets one error for another document, without a second request", async () => {
    const client = createClient(withHashes.link(false), http());
    const query = gql(JOB.replace("message", "type: __typename"));
    await expect(client.query({ query, variables })).rejects.toThrow(
      "This gateway runs only trusted documents.",
    );
    expect(bodies).toHaveLength(1);
  });
});

it("graphql-ws subscribes by id", async () => {
  const client = createWsClient({
    url: closed.url.replace("http", "ws"),
    webSocketImpl: WebSocket,
    connectionParams: HEADERS,
  });
  onTestFinished(() => void client.dispose());
  const request = { query: "", variables, extensions: persisted(SUBSCRIPTION_ID) };
  const results: unknown[] = [];
  for await (const result of client.iterate(request)) results.push(result);
  expect(results).toEqual([{ data: { jobInstanceUpdated: RESULT } }]);
});
