/** Errors in a request, of which a response lists a limited number. */
import { GraphQLError } from "graphql";

/**
 * graphql-js stops at the maximum that it is given, and adds an error that says so in its own terms. Here that is one
 * for the caller.
 * @param errors what graphql-js found with the option `maxErrors: max`.
 */
export const firstErrors = (errors: readonly GraphQLError[], max: number): readonly GraphQLError[] =>
  errors.length > max
    ? [...errors.slice(0, max), new GraphQLError(`Only the first ${max} errors are listed.`)]
    : errors;
