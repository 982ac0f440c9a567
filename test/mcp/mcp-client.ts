/** Agents: the client of the official SDK, connected to a gateway, and raw requests to `/mcp`. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { RequestOptions } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { expect, onTestFinished } from "vitest";
import { AUTHORIZATION } from "../support/ask.ts";
import { type TestGateway, type TestGatewayOptions, useGateway } from "../support/gateway.ts";

const CREDENTIALS = { "x-bkapi-authorization": AUTHORIZATION };

/** Starts a gateway with tools for one test. */
export const useMcpGateway = ({ config, ...options }: TestGatewayOptions = {}): Promise<TestGateway> =>
  useGateway({ ...options, config: { mcp: true, ...config } });

/** URL of the endpoint of a gateway. */
export const mcpUrl = ({ url }: Pick<TestGateway, "url">): URL => new URL("/mcp", url);

interface ToolAnswer {
  readonly isError: boolean;
  readonly text: string;
  // Each test knows the shape of its tool.
  // biome-ignore lint/suspicious/noExplicitAny: results are as varied as tools
  readonly result: any;
}

interface Agent {
  readonly client: Client;
  readonly call: (name: string, args?: object, options?: RequestOptions) => Promise<ToolAnswer>;
}

/** Connects an agent to a gateway over HTTP. */
export const useAgent = (
  gateway: Pick<TestGateway, "url">,
  headers: Record<string, string> = CREDENTIALS,
): Promise<Agent> =>
  useAgentOver(
    // The types of the SDK do not allow for `exactOptionalPropertyTypes`.
    new StreamableHTTPClientTransport(mcpUrl(gateway), { requestInit: { headers } }) as Transport,
  );

/** Connects an agent for one test. */
export async function useAgentOver(transport: Transport): Promise<Agent> {
  const client = new Client({ name: "test", version: "1.0.0" });
  onTestFinished(() => client.close());
  await client.connect(transport);
  // With the list of tools, the client checks results against their output schemas.
  await client.listTools();
  const call: Agent["call"] = async (name, args = {}, options = {}) => {
    const request = { name, arguments: { ...args } };
    const answer = CallToolResultSchema.parse(await client.callTool(request, undefined, options));
    const { content, structuredContent, isError = false } = answer;
    expect(content).toEqual([{ type: "text", text: expect.any(String) }]);
    const text = content.map((part) => (part.type === "text" ? part.text : "")).join("");
    return { isError, text, result: structuredContent };
  };
  return { client, call };
}

/** The reference to a job of business 1. */
export const jobRef = (jobInstanceId: string) => ({ jobInstanceId, scopeId: "1" });

const HEADERS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  ...CREDENTIALS,
};

/** Sends a request to `/mcp`; a header with the value undefined is left out. A body given as a string is sent as it is. */
export function postMessage(
  gateway: Pick<TestGateway, "url">,
  body: unknown,
  headers: Readonly<Record<string, string | undefined>> = {},
  signal?: AbortSignal,
): Promise<Response> {
  const all = Object.entries({ ...HEADERS, ...headers });
  const given = all.filter((entry): entry is [string, string] => entry[1] !== undefined);
  return fetch(mcpUrl(gateway), {
    method: "POST",
    headers: given,
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...(signal && { signal }),
  });
}

/** A JSON-RPC request. */
export const message = (method: string, params: object = {}, id: number | string = 1) => ({
  jsonrpc: "2.0",
  id,
  method,
  params,
});

/** The message that calls a tool. */
export const toolCall = (name: string, args: object) => message("tools/call", { name, arguments: args });

/** The messages in an event stream. */
export const messagesIn = (events: string): readonly Record<string, unknown>[] =>
  [...events.matchAll(/^data: (.+)$/gm)].map(([, json = ""]) => JSON.parse(json));
