/** GraphQL documents that know the types of their variables and results. */
import type { DocumentTypeDecoration } from "@graphql-typed-document-node/core";

/**
 * A document with the types of its result and variables: a string of GraphQL Code Generator (`documentMode: string`),
 * or any other value with this type whose `toString` returns the document.
 */
export interface TypedDocument<Result, Variables> extends DocumentTypeDecoration<Result, Variables> {
  toString(): string;
}

/** Gives a handwritten document its types. Generated documents have them already. */
export const typedDocument = <Result, Variables>(text: string): string & TypedDocument<Result, Variables> =>
  // The types of result and variables exist only at compile time.
  text as string & TypedDocument<Result, Variables>;
