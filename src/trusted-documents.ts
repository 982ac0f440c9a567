/** Reads the file of trusted documents, which a build tool of the clients has written, and validates every document. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { type CheckDocument, createCheckDocument } from "./graphql/operation/check-document.ts";
import type { DocumentLimits } from "./graphql/operation/operation-limits.ts";
import { isInvalid } from "./graphql/operation/request-errors.ts";
import { createSchema, type SchemaOptions } from "./graphql/schema.ts";

export interface TrustedDocumentsFile {
  /** Documents by id. */
  readonly documents: ReadonlyMap<string, string>;
  /** If there are any, the documents must not be used. */
  readonly errors: readonly string[];
}

type Entries = readonly (readonly [id: string, text: string])[];

/** Written by `@apollo/generate-persisted-query-manifest`. Operations have more fields, which are not needed. */
const APOLLO_MANIFEST = z
  .object({
    format: z.literal("apollo-persisted-query-manifest"),
    version: z.literal(1),
    operations: z.array(z.object({ id: z.string().min(1), body: z.string() })),
  })
  .transform(({ operations }): Entries => operations.map(({ id, body }) => [id, body]));

/** `persisted-documents.json` of GraphQL Code Generator's client preset: documents by id. */
const CLIENT_PRESET = z
  .record(z.string().min(1), z.string())
  .transform((ids): Entries => Object.entries(ids));

export interface TrustedDocumentsOptions extends SchemaOptions {
  /** Whether documents may select introspection fields. */
  readonly introspection: boolean;
  readonly limits: DocumentLimits;
}

/** Maximum number of documents whose errors are listed. */
const MAX_LISTED = 20;

/**
 * Reads the file and validates its documents like those of requests.
 * @param limits the documents must be within these limits
 */
export function readTrustedDocuments(
  path: string,
  { introspection, federation, limits }: TrustedDocumentsOptions,
): TrustedDocumentsFile {
  let entries: Entries;
  try {
    entries = parseManifest(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const expected = "expected a persisted query manifest of Apollo or a JSON object of documents by id";
    return { documents: new Map(), errors: [`${expected} (${reason}), got ${JSON.stringify(path)}.`] };
  }
  const documents = new Map(entries);
  const schema = createSchema({ federation });
  const check = createCheckDocument({ schema, introspection, limits, onLimit: null });
  const invalid = entries.flatMap(([id, text]) => {
    const reason = documents.get(id) === text ? errorOf(text, check) : "Another document has the same id.";
    const expected = `expected every document in ${JSON.stringify(path)} to be valid`;
    return reason === null ? [] : [`${expected}, got ${JSON.stringify(id)}: ${reason}`];
  });
  const more = invalid.length - MAX_LISTED;
  return {
    documents,
    errors: more > 0 ? [...invalid.slice(0, MAX_LISTED), `and ${more} more invalid documents.`] : invalid,
  };
}

/** @throws Error that names what is wrong first */
function parseManifest(json: unknown): Entries {
  const isApollo = typeof json === "object" && json !== null && ("format" in json || "operations" in json);
  const { data, error } = (isApollo ? APOLLO_MANIFEST : CLIENT_PRESET).safeParse(json);
  if (data) return data;
  const [issue] = error.issues;
  throw new Error([...(issue?.path ?? []), issue?.message].join(": "));
}

function errorOf(text: string, check: CheckDocument): string | null {
  const checked = check(text);
  return isInvalid(checked) ? (checked.errors[0]?.message ?? "Invalid.") : null;
}
