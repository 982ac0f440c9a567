/** Reads the operation from a request to `/graphql`. */
import { hash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { Documents, RequestedDocument } from "../graphql/operation/documents.ts";
import type { OperationRequest } from "../graphql/operation/run.ts";
import { documentIdOf, isRecord, type JsonObject, persistedQueryOf } from "./document-id.ts";

export type GraphQLRequest =
  /** A POST request whose body is a valid operation. It is run without Apollo Server. */
  | { readonly kind: "operation"; readonly operation: OperationRequest }
  /** For Apollo Server: GET requests, automatic persisted queries, browsers, and invalid requests that it reports. */
  | { readonly kind: "apollo"; readonly document: RequestedDocument; readonly operationName: string | null }
  | { readonly kind: "invalid"; readonly message: string };

export function readGraphQLRequest(
  { method, body, query: search }: FastifyRequest,
  isAutomatic: Documents["isAutomatic"],
): GraphQLRequest {
  const parameters = method === "POST" ? body : search;
  if (!isRecord(parameters)) {
    // Apollo Server reports batches.
    if (method === "POST" && !Array.isArray(parameters)) return { kind: "invalid", message: NO_OPERATION };
    return { kind: "apollo", document: NO_DOCUMENT, operationName: null };
  }
  const { query, operationName = null, extensions } = parameters;
  const persisted = persistedQueryOf(parameters);
  const id = documentIdOf(parameters);
  const isPersisted = persisted !== null && isAutomatic(id);
  const invalid = isPersisted ? persistedQueryError(persisted, query) : null;
  if (invalid !== null) return { kind: "invalid", message: invalid };
  // Only Apollo Server knows the documents of automatic persisted queries.
  const documentId = isPersisted ? null : id;
  if (method === "POST" && !isPersisted && documentId === null && (query ?? "") === "") {
    return { kind: "invalid", message: NO_OPERATION };
  }
  if (method === "POST" && !isPersisted && isRecordOrNothing(extensions)) {
    const operation = readOperation(parameters, documentId);
    if (operation) return { kind: "operation", operation };
  }
  return {
    kind: "apollo",
    document: { query: typeof query === "string" ? query : null, documentId },
    operationName: typeof operationName === "string" ? operationName : null,
  };
}

const NO_DOCUMENT: RequestedDocument = { query: null, documentId: null };

const NO_OPERATION =
  'Expected the request body to be a JSON object with an operation in `query`, such as {"query": "{ __typename }"}.';

/** Null for an invalid operation, which Apollo Server reports. */
function readOperation(
  { query = null, operationName = null, variables = null }: JsonObject,
  documentId: string | null,
): OperationRequest | null {
  if (typeof query !== "string" && query !== null) return null;
  if (typeof operationName !== "string" && operationName !== null) return null;
  if (variables !== null && !isRecord(variables)) return null;
  return { query, documentId, operationName, variables: variables ?? {} };
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

const isRecordOrNothing = (value: unknown): boolean =>
  value === undefined || value === null || isRecord(value);
