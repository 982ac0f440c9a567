/** Errors of GraphQL results, as a gateway sends them in its stream and with an HTTP status. */
import { clean } from "./text.ts";

export interface GraphQLFailure {
  readonly code: string;
  readonly message: string;
}

interface SentError {
  readonly message: string;
  readonly extensions?: unknown;
}

/** Code and message of an error, fit to print. */
export function failureOf({ message, extensions }: SentError): GraphQLFailure {
  const code =
    typeof extensions === "object" && extensions !== null && "code" in extensions && extensions.code;
  return {
    code: typeof code === "string" ? clean(code) : "an error without a code",
    message: clean(message),
  };
}

/** The first error of a body that is a GraphQL result; null for all other bodies. */
export function firstErrorIn(body: string): GraphQLFailure | null {
  try {
    // Whatever is not so throws on the way.
    const { errors } = JSON.parse(body) as { readonly errors: readonly SentError[] };
    const [first] = errors;
    return first ? failureOf(first) : null;
  } catch {
    return null;
  }
}
