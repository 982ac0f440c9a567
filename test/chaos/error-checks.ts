/** What must hold for each error: its code is documented, and it has a cause. */
import { pageOf } from "../support/readme.ts";
import { codeOfFault, isFault } from "./faults.ts";
import type { Identity } from "./identities.ts";
import { UPSTREAM_TIMEOUT_MS } from "./settings.ts";
import type { Call, Truth } from "./truth.ts";

export interface GraphQLError {
  readonly message: string;
  readonly path?: unknown;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

interface Failed {
  readonly identity: Identity;
  readonly sentAt: number;
  /** Whether the process was being shut down when the error arrived. */
  readonly isEnding: boolean;
  /** Codes that this request is meant to cause. */
  readonly expected: readonly string[];
  /** Whether another identity may have polled. */
  readonly isLive: boolean;
}

/** The codes in the tables of the page about errors. */
const DOCUMENTED: ReadonlySet<string> = new Set(
  [...pageOf("docs/errors.md").matchAll(/^\| `([A-Z_]+)`/gm)].flatMap(([, code]) => code ?? []),
);

/** How long after a failure of the upstream its consequences last: the circuit breaker, calls in flight, retries. */
const AFTERMATH_MS = 10_000;

export const codeOf = ({ extensions }: GraphQLError): string => String(extensions?.code);

/** The upstream call that the error reports; null if it reports none. */
export function callOfError(truth: Truth, { extensions }: GraphQLError): Call | null {
  // The details of errors.md, if there are any.
  const upstream = extensions?.upstream as { readonly gatewayRequestId?: unknown } | undefined;
  return truth.callOf(upstream?.gatewayRequestId);
}

/** The rule that does not hold; null if the error is as it must be. */
export function errorInError(
  truth: Truth,
  error: GraphQLError,
  failed: Failed,
  slackMs: number,
): string | null {
  const code = codeOf(error);
  if (!DOCUMENTED.has(code)) return "An error without a documented code";
  if (code === "INTERNAL_SERVER_ERROR") return "An internal error";
  if (failed.expected.includes(code)) return null;
  if (code === "SHUTTING_DOWN") return failed.isEnding ? null : "SHUTTING_DOWN of a process that must serve";
  const call = callOfError(truth, error);
  if (call) {
    if (!failed.isLive && call.identity !== failed.identity && failed.identity.isKnown)
      return "The error was given to another identity";
    return isFault(call.outcome) && codeOfFault(call.outcome) === code ? null : "The error has another cause";
  }
  // Errors without a response.
  // On a busy machine, a call can time out without a fault.
  if (code === "UPSTREAM_TIMEOUT") return null;
  const since = failed.sentAt - AFTERMATH_MS - UPSTREAM_TIMEOUT_MS - slackMs;
  const isOutage = code === "UPSTREAM_UNAVAILABLE";
  if (isOutage && (failed.isEnding || truth.hasFailedSince(since))) return null;
  if (code === "UNAUTHENTICATED" && failed.identity.token === null) return null;
  return "An error without a cause";
}
