/** Internal errors in a stream: clients get an interruption, without details. */
import Fastify from "fastify";
import { expect, it, onTestFinished } from "vitest";
import type { OperationContext } from "../../src/graphql/context.ts";
import { eventStreamRoute } from "../../src/http/event-stream.ts";
import { sendMultipart } from "../../src/http/multipart.ts";
import { createOperationLog } from "../../src/model/operation-log.ts";

const FAULT = new Error("secret detail");

async function* results(): AsyncGenerator<string, void, undefined> {
  yield '{"data":{"job":1}}';
  throw FAULT;
}

async function useServer() {
  const app = Fastify();
  onTestFinished(() => app.close());
  const operationLog = createOperationLog();
  await app.register(eventStreamRoute, {
    run: async () => ({ kind: "stream", responses: results() }),
    // The operation above looks at nothing.
    createContext: () => ({}) as OperationContext,
    allowedOrigins: [],
    admission: [],
    requestLog: { operationLogOf: () => operationLog, logInternalErrors: () => {} },
  });
  let thrown: unknown;
  app.get("/parts", async (_request, reply) => {
    await sendMultipart(reply, results()).catch((error: unknown) => {
      thrown = error;
    });
    return reply;
  });
  const url = await app.listen({ port: 0 });
  return { url, operationLog, thrown: () => thrown };
}

it("server-sent events end without complete", async () => {
  const { url, operationLog } = await useServer();
  const response = await fetch(`${url}/graphql/stream?query={a}`, {
    headers: { accept: "text/event-stream" },
  });
  expect(await response.text()).toBe(':\n\nevent: next\ndata: {"data":{"job":1}}\n\n');
  expect(operationLog.internalErrors).toEqual([FAULT]);
});

it("multipart ends with a transport error", async () => {
  const { url, thrown } = await useServer();
  const text = await (await fetch(`${url}/parts`)).text();
  const last = /\r\n\r\n(\{"payload":null.*\})\r\n--graphql--\r\n$/.exec(text)?.[1] ?? "null";
  expect(JSON.parse(last)).toEqual({
    payload: null,
    errors: [
      {
        message: "Internal error of the gateway. Use the request id to find the cause in the gateway's log.",
        extensions: { code: "INTERNAL_SERVER_ERROR" },
      },
    ],
  });
  expect(thrown()).toBe(FAULT);
});
