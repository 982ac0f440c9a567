/** Every failure as a GraphQL error: a stable code from a closed list, a message fit to show, nothing secret. */
import { unwrapResolverError } from "@apollo/server/errors";
import { GraphQLError, type GraphQLFormattedError, isValueNode } from "graphql";
import { TooManySubscriptions } from "../live/subscription-limits.ts";
import { InvalidInput } from "../model/errors.ts";
import { UpstreamError } from "../upstream/upstream-error.ts";
import { ResponseTooLarge } from "./executor/json-sink.ts";

/** What is said of a fault of our own. Details are in the log only. */
const MASKED = "The gateway failed to answer this. The request id leads to the reason in its log.";

/**
 * The form in which a caller sees an error. Errors that GraphQL itself reports (syntax, validation, variables)
 * keep their codes; whatever is neither those, nor bad input, nor the upstream's fault is ours, and masked.
 */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const shown = showCause(formatted, error);
  const { message } = shown;
  return message.length > MAX_MESSAGE_LENGTH
    ? { ...shown, message: `${message.slice(0, MAX_MESSAGE_LENGTH)}…` }
    : shown;
}

/** Messages of GraphQL's own contain values and names of the request, which can be megabytes. */
const MAX_MESSAGE_LENGTH = 1_000;

function showCause(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
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
  const given = formatted.extensions?.code;
  const isDecided = typeof given === "string" && given !== "INTERNAL_SERVER_ERROR";
  if (isDecided) return { message: formatted.message, ...at, extensions: { code: given } };
  if (cause instanceof InvalidInput || cause instanceof ResponseTooLarge || isAboutValue(cause)) {
    return { message: cause.message, ...at, extensions: { code: "BAD_USER_INPUT" } };
  }
  if (cause instanceof TooManySubscriptions) {
    return { message: cause.message, ...at, extensions: { code: "TOO_MANY_OPERATIONS" } };
  }
  return { message: MASKED, ...at, extensions: { code: "INTERNAL_SERVER_ERROR" } };
}

/** An error of GraphQL's as a caller sees it. */
export const formatGraphQLError = (error: GraphQLError): GraphQLFormattedError =>
  formatError(error.toJSON(), error);

/** The code of an error that `formatError` has made. */
export const codeOf = ({ extensions }: GraphQLFormattedError): string => String(extensions?.code);

/**
 * True for an error of GraphQL's own about a value in the document. Most are found before execution; a variable
 * that is null where only its absence has a default is not.
 */
const isAboutValue = (error: unknown): error is GraphQLError =>
  error instanceof GraphQLError && error.nodes?.some(isValueNode) === true;
