/** Internal errors: masked for the caller, with their stack in the log. */
import { makeExecutableSchema } from "@graphql-tools/schema";
import pino from "pino";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { createApolloServer } from "../../src/graphql/apollo-server.ts";
import type { OperationContext } from "../../src/graphql/context.ts";
import { createPipeline } from "../../src/graphql/pipeline.ts";
import { createHttpServer } from "../../src/http/http-server.ts";
import { ask } from "../support/ask.ts";
import { DOCUMENT_LIMITS, MAX_BODY_BYTES } from "../support/limits.ts";

const SECRET = "database password 1234";

/** No query of the real schema is known to cause an internal error, so this schema has bugs. */
const faultySchema = makeExecutableSchema({
  typeDefs: "type Query { throws: String, rejects: String, breaksPromise: String!, works: String }",
  resolvers: {
    Query: {
      throws: () => {
        throw new TypeError(SECRET);
      },
      rejects: async () => {
        throw SECRET;
      },
      breaksPromise: () => null,
      works: () => "fine",
    },
  },
});

const logs: Record<string, unknown>[] = [];
let url: string;
let close: () => Promise<void>;
let contextFault: Error | null = null;

beforeAll(async () => {
  const logger = pino({}, { write: (line) => void logs.push(JSON.parse(line)) });
  const apollo = createApolloServer({
    schema: faultySchema,
    introspection: true,
    explorer: true,
    sharedDocuments: null,
    documentLimits: DOCUMENT_LIMITS,
    logger,
  });
  await apollo.start();
  const { documents, prepare, run } = createPipeline({
    schema: faultySchema,
    executor: "compiled",
    maxResponseBytes: 2 ** 20,
    introspection: true,
    trustedDocuments: null,
    documentLimits: DOCUMENT_LIMITS,
    onLimit: null,
  });
  const http = await createHttpServer({
    schema: faultySchema,
    apollo,
    documents,
    prepare,
    run,
    logger,
    explorer: null,
    jobPage: false,
    maxBodyBytes: MAX_BODY_BYTES,
    loadShedding: null,
    rateLimit: null,
    operationCounts: null,
    compression: null,
    app: null,
    onLimit: null,
    webSocket: { maxConnections: 10 },
    slowOperationMs: 0,
    allowedOrigins: [],
    onOperation: null,
    tracer: null,
    metricsPage: null,
    mcpRoute: null,
    readiness: {
      upstreamFailures: () => null,
      upstreamCalls: () => ({ running: 0, waiting: 0 }),
      circuit: () => null,
      isRedisUp: null,
      live: () => ({ subscriptions: 0, pollers: 0 }),
      limits: {
        UPSTREAM_CONNECTIONS: 1,
        UPSTREAM_MAX_QUEUE: 1,
        LIVE_MAX_VIEWERS: 1,
        WEBSOCKET_MAX_CONNECTIONS: 10,
        MAX_OPERATIONS_IN_FLIGHT: 0,
      },
    },
    createContext: ({ operationLog }) => {
      if (contextFault) throw contextFault;
      // These resolvers look nothing up.
      return { operationLog, jobs: {}, signal: new AbortController().signal } as OperationContext;
    },
  });
  url = await http.listen({ host: "127.0.0.1", port: 0 });
  close = async () => {
    await http.close();
    await apollo.stop();
  };
});
afterAll(() => close());
beforeEach(() => {
  logs.length = 0;
  contextFault = null;
});

const askServer = (query: string) => ask(url, { query });

const internalErrorLines = () => logs.filter(({ msg }) => msg === "internal error");

it.each(["throws", "rejects", "breaksPromise"])(
  "masks the error of a resolver that %s, and logs one line with the stack",
  async (field) => {
    const { errors, data } = await askServer(`{ ${field} }`);

    expect(errors).toMatchObject([
      {
        message: "Internal error of the gateway. Use the request id to find the cause in the gateway's log.",
        path: [field],
        extensions: { code: "INTERNAL_SERVER_ERROR" },
      },
    ]);
    expect(data?.[field] ?? null).toBeNull();
    expect(JSON.stringify(errors)).not.toMatch(/1234|\.ts|stack/i);
    const lines = internalErrorLines();
    expect(lines).toMatchObject([{ level: 50, err: { stack: expect.stringMatching(/\n +at /) } }]);
    if (field !== "breaksPromise") expect(JSON.stringify(lines)).toContain(SECRET);
  },
);

it("logs one line with the caller's request id for each error", async () => {
  const { headers } = await askServer("{ a: throws works b: rejects }");
  const requestId = headers.get("x-request-id");
  expect(internalErrorLines()).toMatchObject([{ requestId }, { requestId }]);
});

it("returns the other fields of the operation", async () => {
  const { status, data } = await askServer("{ works throws }");
  expect([status, data]).toEqual([200, { works: "fine", throws: null }]);
});

it("writes only the error code to the log line of the request", async () => {
  await askServer("{ throws }");
  const line = await vi.waitFor(() => {
    const found = logs.find(({ msg }) => msg === "request");
    expect(found).toBeDefined();
    return found;
  });
  expect(line).toMatchObject({ errorCodes: ["INTERNAL_SERVER_ERROR"] });
  expect(line).not.toHaveProperty("internalErrors");
});

it("masks an error before the operation starts, with HTTP 500", async () => {
  contextFault = new Error(SECRET);
  const { status, errors } = await askServer("{ works }");

  expect(status).toBe(500);
  expect(errors).toMatchObject([{ extensions: { code: "INTERNAL_SERVER_ERROR" } }]);
  expect(JSON.stringify(errors)).not.toContain("1234");
  expect(internalErrorLines()).toMatchObject([
    {
      level: 50,
      requestId: expect.any(String),
      err: { message: SECRET, stack: expect.stringMatching(/\n +at /) },
    },
  ]);
});
