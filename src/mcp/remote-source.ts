/** Jobs from a gateway that is reached over HTTP, such as by an agent on the machine of its user. */
import { createStringClient } from "../client/job-client.ts";
import { JobClientError } from "../client/job-client-error.ts";
import { typedDocument } from "../client/typed-document.ts";
import { reasonOf } from "../watch/describe-error.ts";
import { CREDENTIALS_ADVICE, shownUrl } from "../watch/options.ts";
import type { JobDocument, Outcome } from "./documents.ts";
import { describeError, type JobSource, ToolFailure, type Variables } from "./job-source.ts";

export interface RemoteGateway {
  /** URL of the GraphQL endpoint. */
  readonly url: URL;
  /** Include the credentials. */
  readonly headers: Readonly<Record<string, string>>;
}

type RefVariables = Pick<Variables, "ref">;

export function createRemoteSource({ url, headers }: RemoteGateway): JobSource {
  const client = createStringClient({ url, headers });
  const toFailure = (error: unknown): unknown =>
    error instanceof JobClientError ? new ToolFailure(describe(error, url)) : error;

  const ask: JobSource["ask"] = async <Job>(
    document: JobDocument<Job>,
    { ref, ...variables }: Variables,
    signal: AbortSignal,
  ) => {
    const query = typedDocument<{ readonly jobInstance: Outcome<Job> | null }, RefVariables>(document);
    try {
      return await client.jobInstance(ref, query, { variables, signal });
    } catch (error) {
      throw toFailure(error);
    }
  };

  async function* subscribe<Job>(
    document: JobDocument<Job>,
    { ref, ...variables }: Variables,
    signal: AbortSignal,
  ): AsyncGenerator<Outcome<Job>, void, undefined> {
    type Result = { readonly jobInstanceUpdated: Outcome<Job> | null };
    const subscription = typedDocument<Result, RefVariables>(document);
    try {
      for await (const event of client.watch(ref, subscription, { variables, signal })) {
        if (event.kind === "state") yield event.state;
        // A gateway that was never reached is probably not running. One that restarts will be there again.
        else if (!event.hasConnected) throw event.error;
      }
    } catch (error) {
      if (signal.aborted) return;
      throw toFailure(error);
    }
  }

  return { ask, subscribe };
}

/** With the reason why there is no connection, and what to do. */
function describe(error: JobClientError, url: URL): string {
  const { code, message, retryAfterMs } = error;
  if (code === "CONNECTION_LOST") {
    return `${code}: Could not connect to a gateway at ${shownUrl(url)}: ${reasonOf(error)}.`;
  }
  const advice = code === "UNAUTHENTICATED" ? ` ${CREDENTIALS_ADVICE}` : "";
  return describeError(code, message + advice, retryAfterMs);
}
