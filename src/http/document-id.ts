/** The id of a document in the parameters of a request, the same for all transports. */
import { tryParseJson } from "./lossless-json.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

interface Parameters {
  readonly documentId?: unknown;
  /** An object, or JSON in a URL. */
  readonly extensions?: unknown;
}

/**
 * The parameter `documentId`, as GraphQL over HTTP specifies it, or the hash of a persisted query, as Apollo Client sends it.
 * Some clients send an id instead of the object with the hash. Null if there is none of them.
 */
export function documentIdOf({ documentId, extensions }: Parameters): string | null {
  if (typeof documentId === "string" && documentId !== "") return documentId;
  const persisted = persistedQueryOf({ extensions });
  const id = isRecord(persisted) ? persisted.sha256Hash : persisted;
  return typeof id === "string" && id !== "" ? id : null;
}

/** `extensions.persistedQuery`, or null. */
export function persistedQueryOf({ extensions }: Parameters): unknown {
  const parsed = typeof extensions === "string" ? tryParseJson(extensions) : extensions;
  return isRecord(parsed) ? (parsed.persistedQuery ?? null) : null;
}

/** Adds an empty document to parameters with an id alone, for libraries that require a document. */
export function withQuery(parameters: unknown): unknown {
  if (!isRecord(parameters)) return parameters;
  const isMissing = parameters.query === undefined || parameters.query === null;
  return isMissing && documentIdOf(parameters) !== null ? { ...parameters, query: "" } : parameters;
}
