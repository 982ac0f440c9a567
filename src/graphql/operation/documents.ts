/**
 * Which document a request runs. A request contains the text of a document, or the id of a trusted document: one of the
 * documents that the operators of the gateway have listed. With `only`, no other document runs.
 */
import { hash } from "node:crypto";
import { Kind, parse, stripIgnoredCharacters } from "graphql";
import { type RequestErrors, requestErrors } from "./request-errors.ts";

/** The document that a request asks for, by its text, its id, or both. */
export interface RequestedDocument {
  /** Null or empty if the request contains only an id. */
  readonly query: string | null;
  /** The parameter `documentId`, or the hash of a persisted query. */
  readonly documentId: string | null;
}

export interface TrustedDocuments {
  /** Valid documents by id. */
  readonly documents: ReadonlyMap<string, string>;
  /** Whether all other documents are rejected. */
  readonly only: boolean;
}

/** The names of all operations of trusted documents. */
export const operationNamesOf = (trusted: TrustedDocuments | null): ReadonlySet<string> =>
  new Set(
    [...(trusted?.documents.values() ?? [])].flatMap((text) =>
      parse(text, { noLocation: true }).definitions.flatMap((definition) =>
        definition.kind === Kind.OPERATION_DEFINITION ? (definition.name?.value ?? []) : [],
      ),
    ),
  );

export interface Documents {
  /** @returns the text of the document, or why it does not run */
  readonly textOf: (document: RequestedDocument) => string | RequestErrors;
  /** Whether this id is the hash of an automatic persisted query, if of anything: Apollo Server may know its document. */
  readonly isAutomatic: (documentId: string | null) => boolean;
}

const UNTRUSTED =
  "This gateway runs only trusted documents. Send the id of a trusted document, or ask the operators of this gateway to add yours.";
const NOT_FOUND = "There is no trusted document with this id. Send the document in `query` instead.";
const CONTRADICTION =
  "Expected `query` to be the trusted document with this id, got another document. Send only one of them.";

/** @param trusted null: the gateway has no trusted documents. */
export function createDocuments(trusted: TrustedDocuments | null): Documents {
  const byId = trusted === null ? new Map<string, string>() : indexById(trusted.documents);
  const texts = new Set(byId.values());
  const only = trusted?.only ?? false;

  const textOf: Documents["textOf"] = ({ query, documentId }) => {
    const known = documentId === null ? undefined : byId.get(documentId);
    if (known !== undefined) {
      return query && !isSameDocument(query, known) ? requestErrors([CONTRADICTION], "BAD_REQUEST") : known;
    }
    if (only && !texts.has(query ?? "")) return requestErrors([UNTRUSTED], "UNTRUSTED_DOCUMENT");
    // Clients may send ids to all gateways, and documents to those that do not know the id.
    if (query || documentId === null) return query ?? "";
    return requestErrors([NOT_FOUND], "PERSISTED_QUERY_NOT_FOUND");
  };

  return { textOf, isAutomatic: (documentId) => !only && (documentId === null || !byId.has(documentId)) };
}

/** Whether documents differ at most in white space and comments: GraphQLWsLink sends a document as Apollo Client prints it. */
function isSameDocument(query: string, known: string): boolean {
  if (query === known) return true;
  // Bounds the time for a long document that is another one.
  if (query.length > MAX_PRINTED_RATIO * known.length) return false;
  try {
    return stripIgnoredCharacters(query) === stripIgnoredCharacters(known);
  } catch {
    // Syntax errors: the known document has none.
    return false;
  }
}

/** Indentation makes a document at most a few times as long. */
const MAX_PRINTED_RATIO = 10;

/**
 * Documents by the id of the list, and by the ids that clients can compute: the SHA-256 hash of the text, as Apollo Client
 * sends it, and with the prefix that GraphQL over HTTP specifies.
 */
function indexById(documents: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const byHash = [...documents.values()].flatMap((text) => {
    const sha256 = hash("sha256", text);
    return [[sha256, text] as const, [`sha256:${sha256}`, text] as const];
  });
  return new Map([...byHash, ...documents]);
}
