/** GraphQL documents that know the types of their variables and results. */
import type { DocumentTypeDecoration } from "@graphql-typed-document-node/core";

/** A document whose `toString` returns its text, or a parsed document. */
export interface DocumentText {
  toString(): string;
  /**
   * Documents have none. For wrong options in place of a document, the compiler compares them with this type last, and suggests
   * this property.
   */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A document with the types of its result and variables: a `TypedDocumentNode`, such as those of GraphQL Code Generator, or a
 * string (`documentMode: string`, or `typedDocument`).
 */
export interface TypedDocument<Result, Variables>
  extends DocumentText,
    DocumentTypeDecoration<Result, Variables> {}

/**
 * Gives a handwritten document its types. Generated documents have them already.
 *
 *     const NAME = typedDocument<
 *       { readonly jobInstance: { readonly name?: string } | null },
 *       { readonly ref: JobInstanceRef }
 *     >("query ($ref: JobInstanceRef!) { jobInstance(ref: $ref) { ... on JobInstance { name } } }");
 */
export const typedDocument = <Result, Variables>(text: string): string & TypedDocument<Result, Variables> =>
  // The types of result and variables exist only at compile time.
  text as string & TypedDocument<Result, Variables>;
