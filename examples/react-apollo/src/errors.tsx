/** What errors mean, and how they are shown. */
import { CombinedGraphQLErrors, type ErrorLike, ServerError } from "@apollo/client";

/** `extensions.code` of the gateway's first error. Null for other failures, such as a lost connection. */
function codeOf(error: ErrorLike): string | null {
  if (!CombinedGraphQLErrors.is(error)) return null;
  const code = error.errors[0]?.extensions?.code;
  return typeof code === "string" ? code : null;
}

const PERMANENT_CODES = ["UNAUTHENTICATED", "FORBIDDEN", "BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"];

/** Whether the same operation will fail again: rejected credentials and invalid operations. */
export function isPermanent(error: ErrorLike): boolean {
  if (ServerError.is(error)) {
    return error.statusCode >= 400 && error.statusCode < 500 && error.statusCode !== 429;
  }
  return PERMANENT_CODES.includes(codeOf(error) ?? "");
}

interface FailureProps {
  readonly error: ErrorLike;
  readonly onRetry: () => void;
}

export function Failure({ error, onRetry }: FailureProps) {
  const isLoggedOut = codeOf(error) === "UNAUTHENTICATED";
  return (
    <div role="alert" className="problem">
      <p>{isLoggedOut ? "Your login has expired. Log in again." : `Not available: ${error.message}`}</p>
      <button type="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}
