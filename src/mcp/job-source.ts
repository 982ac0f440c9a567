/** Where the tools get jobs from: the gateway of the same process, or one that is reached over HTTP. */
import type { WatchedRef } from "../watch/job-update.ts";
import type { JobDocument, Outcome } from "./documents.ts";

/** Variables of a document. */
export type Variables = { readonly ref: WatchedRef } & Readonly<Record<string, unknown>>;

export interface JobSource {
  /**
   * Runs a query.
   * @throws ToolFailure if there is no outcome
   */
  readonly ask: <Job>(
    document: JobDocument<Job>,
    variables: Variables,
    signal: AbortSignal,
  ) => Promise<Outcome<Job>>;
  /**
   * Yields the outcomes of a subscription. Ends when the gateway completes it, and when the signal is aborted.
   * @throws ToolFailure if the subscription ends with an error
   */
  readonly subscribe: <Job>(
    document: JobDocument<Job>,
    variables: Variables,
    signal: AbortSignal,
  ) => AsyncGenerator<Outcome<Job>, void, undefined>;
}

/** A tool call fails. The message is the result that the agent gets. */
export class ToolFailure extends Error {
  override readonly name = "ToolFailure";
}

/** The message of an error: its code first, so that programs find it, and when to retry. */
export const describeError = (code: string, message: string, retryAfterMs: number | null): string =>
  `${code}: ${message}${retryAfterMs === null ? "" : ` (retryAfterMs: ${retryAfterMs})`}`;

/** A response to an operation with one root field. */
export interface GraphQLResult {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions?: { readonly code?: string; readonly retryAfterMs?: number };
  }[];
}

/** @throws ToolFailure with the first error */
export function outcomeOf<Job>({ data, errors = [] }: GraphQLResult): Outcome<Job> {
  const [outcome] = Object.values(data ?? {});
  // The type is that of the document, which the gateway has validated.
  if (outcome && errors.length === 0) return outcome as Outcome<Job>;
  const { message = "Expected a job, got neither a job nor an error.", extensions } = errors[0] ?? {};
  const { code = "INTERNAL_SERVER_ERROR", retryAfterMs = null } = extensions ?? {};
  throw new ToolFailure(describeError(code, message, retryAfterMs));
}
