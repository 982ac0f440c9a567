/** Reads the operation from a request to `/graphql`. */
import { hash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { OperationRequest } from "../graphql/operation/run.ts";
import { tryParseJson } from "./lossless-json.ts";

export type GraphQLRequest =
  /** A POST request whose body is a valid operation. It is run without Apollo Server. */
  | { readonly kind: "operation"; readonly operation: OperationRequest }
  /** For Apollo Server: GET requests, persisted queries, browsers, and invalid requests that it reports. */
  | { readonly kind: "apollo"; readonly query: string | null; readonly operationName: string | null }
  | { readonly kind: "invalid"; readonly message: string };

export function readGraphQLRequest({ method, body, query: search }: FastifyRequest): GraphQLRequest {
  const parameters = method === "POST" ? body : search;
  if (!isRecord(parameters)) {
    // Apollo Server reports batches.
    if (method === "POST" && !Array.isArray(parameters)) return { kind: "invalid", message: NO_OPERATION };
    return { kind: "apollo", query: null, operationName: null };
  }
  const { query, operationName = null } = parameters;
  const extensions =
    typeof parameters.extensions === "string" ? tryParseJson(parameters.extensions) : parameters.extensions;
  const persisted = isRecord(extensions) ? (extensions.persistedQuery ?? null) : null;
  const invalid = persisted === null ? null : persistedQueryError(persisted, query);
  if (invalid !== null) return { kind: "invalid", message: invalid };
  if (method === "POST" && persisted === null && (query ?? "") === "") {
    return { kind: "invalid", message: NO_OPERATION };
  }
  if (method === "POST" && persisted === null && isRecordOrNothing(extensions)) {
    const operation = readOperation(parameters);
    if (operation) return { kind: "operation", operation };
  }
  return {
    kind: "apollo",
    query: typeof query === "string" ? query : null,
    operationName: typeof operationName === "string" ? operationName : null,
  };
}

const NO_OPERATION =
  'Expected the request body to be a JSON object with an operation in `query`, such as {"query": "{ __typename }"}.';

/** Null for an invalid operation, which Apollo Server reports. */
function readOperation({
  query,
  operationName = null,
  variables = null,
}: JsonObject): OperationRequest | null {
  if (typeof query !== "string" || query === "") return null;
  if (typeof operationName !== "string" && operationName !== null) return null;
  if (variables !== null && !isRecord(variables)) return null;
  return { query, operationName, variables: variables ?? {} };
}

/** What is wrong with `extensions.persistedQuery`, or null. An unknown hash is not an error here. */
function persistedQueryError(persisted: unknown, query: unknown): string | null {
  if (!isRecord(persisted)) return "Expected `extensions.persistedQuery` to be an object.";
  const { version, sha256Hash } = persisted;
  if (version !== 1) return "Expected `extensions.persistedQuery.version` to be 1.";
  if (typeof sha256Hash !== "string" || !/^[0-9a-f]{64}$/.test(sha256Hash)) {
    return "Expected `extensions.persistedQuery.sha256Hash` to be 64 lower-case hex digits.";
  }
  if (typeof query === "string" && hash("sha256", query) !== sha256Hash) {
    return "Expected `extensions.persistedQuery.sha256Hash` to be the SHA-256 hash of `query`.";
  }
  return null;
}

type JsonObject = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isRecordOrNothing = (value: unknown): boolean =>
  value === undefined || value === null || isRecord(value);
