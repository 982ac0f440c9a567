/** Reads errors of GraphQL results, from the stream or from an HTTP error response. */
import { sanitize } from "./text.ts";

export interface GraphQLFailure {
  readonly code: string;
  readonly message: string;
}

interface GraphQLErrorJson {
  readonly message: string;
  readonly extensions?: unknown;
}

/** Sanitized code and message of an error. */
export function failureOf({ message, extensions }: GraphQLErrorJson): GraphQLFailure {
  const code =
    typeof extensions === "object" && extensions !== null && "code" in extensions && extensions.code;
  return {
    code: typeof code === "string" ? sanitize(code) : "an error without a code",
    message: sanitize(message),
  };
}

/** The first error in a body that is a GraphQL result. Null for any other body. */
export function firstErrorIn(body: string): GraphQLFailure | null {
  try {
    // Any other body throws.
    const { errors } = JSON.parse(body) as { readonly errors: readonly GraphQLErrorJson[] };
    const [first] = errors;
    return first ? failureOf(first) : null;
  } catch {
    return null;
  }
}
