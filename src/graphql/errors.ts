/** Formats errors for responses: a stable code from a closed list, and a message without internal details. */
import { unwrapResolverError } from "@apollo/server/errors";
import { GraphQLError, type GraphQLFormattedError, isValueNode } from "graphql";
import { TooManySubscriptions } from "../live/subscription-limits.ts";
import { EntityUnavailable, InvalidInput } from "../model/errors.ts";
import { UpstreamError } from "../upstream/upstream-error.ts";
import { ResponseTooLarge } from "./executor/json-sink.ts";

/** The message of all internal errors. Only the log has the details. */
const MASKED = "Internal error of the gateway. Use the request id to find the cause in the gateway's log.";

/** Messages of graphql-js contain values and names from the request, which can be megabytes. */
const MAX_MESSAGE_LENGTH = 1_000;

/**
 * Formats an error; also Apollo Server's option `formatError`. Errors of GraphQL itself (syntax, validation, variables)
 * keep their codes. Invalid input, exceeded limits and upstream errors have codes of this gateway. All other errors are
 * internal and masked.
 */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const result = formatCause(formatted, error);
  const { message } = result;
  return message.length > MAX_MESSAGE_LENGTH
    ? { ...result, message: `${message.slice(0, MAX_MESSAGE_LENGTH)}…` }
    : result;
}

function formatCause(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const cause = unwrapResolverError(error);
  const { locations, path } = formatted;
  const at = { ...(locations && { locations }), ...(path && { path }) };
  if (cause instanceof UpstreamError) {
    const { code, upstream, retryAfterMs } = cause;
    const extensions = {
      code,
      ...(retryAfterMs !== null && { retryAfterMs }),
      ...(upstream.httpStatus !== null && { upstream }),
    };
    return { message: cause.message, ...at, extensions };
  }
  const code = formatted.extensions?.code;
  if (typeof code === "string" && code !== "INTERNAL_SERVER_ERROR") {
    return { message: formatted.message, ...at, extensions: { code } };
  }
  if (cause instanceof InvalidInput || cause instanceof ResponseTooLarge || isAboutValue(cause)) {
    return { message: cause.message, ...at, extensions: { code: "BAD_USER_INPUT" } };
  }
  if (cause instanceof TooManySubscriptions) {
    return { message: cause.message, ...at, extensions: { code: "TOO_MANY_OPERATIONS" } };
  }
  if (cause instanceof EntityUnavailable) {
    return { message: cause.message, ...at, extensions: { code: cause.code } };
  }
  return { message: MASKED, ...at, extensions: { code: "INTERNAL_SERVER_ERROR" } };
}

/** Adds the id of the trace, with which the operators find what happened. Null: none. */
export const withTraceId = (error: GraphQLFormattedError, traceId: string | null): GraphQLFormattedError =>
  traceId === null ? error : { ...error, extensions: { ...error.extensions, traceId } };

/** What the code of an error does not say, for the log. Null if there is no more to say. */
export function reasonOf(error: unknown): string | null {
  const cause = unwrapResolverError(error);
  if (cause instanceof UpstreamError) return cause.reason;
  if (cause instanceof TooManySubscriptions) return cause.limit;
  return cause instanceof ResponseTooLarge ? "MAX_RESPONSE_BYTES" : null;
}

/** Formats an error of graphql-js. */
export const formatGraphQLError = (error: GraphQLError): GraphQLFormattedError =>
  formatError(error.toJSON(), error);

/**
 * @param errors what graphql-js reported with the option `maxErrors: max`
 * @returns the first `max` errors. graphql-js adds an error of its own when it stops, which is replaced.
 */
export const firstErrors = (errors: readonly GraphQLError[], max: number): readonly GraphQLError[] =>
  errors.length > max
    ? [...errors.slice(0, max), new GraphQLError(`Only the first ${max} errors are listed.`)]
    : errors;

/** @returns the code of a formatted error */
export const codeOf = ({ extensions }: GraphQLFormattedError): string => String(extensions?.code);

/**
 * Whether graphql-js reports an invalid value in the document. Validation finds most of these, but not a null variable
 * for a non-null argument with a default.
 */
const isAboutValue = (error: unknown): error is GraphQLError =>
  error instanceof GraphQLError && error.nodes?.some(isValueNode) === true;
