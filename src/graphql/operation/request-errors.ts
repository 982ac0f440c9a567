/** Errors of a request that cannot be executed. */
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { formatError } from "../errors.ts";

/** The errors of a request that cannot be executed, as the response contains them. */
export interface RequestErrors {
  readonly errors: readonly GraphQLFormattedError[];
  /** See `OperationLog`. Default: none. */
  readonly reason?: string | null;
}

export const isInvalid = <T extends object>(value: T | RequestErrors): value is RequestErrors =>
  "errors" in value;

/** Formats errors of graphql-js, or others whose messages may be sent, with this code. */
export function requestErrors(errors: readonly unknown[], code: string): RequestErrors {
  const formatted = errors.map((error) => {
    const json = error instanceof GraphQLError ? error.toJSON() : { message: String(error) };
    return formatError({ ...json, extensions: { ...json.extensions, code } }, error);
  });
  return { errors: formatted };
}
