/** Jobs from the gateway of the same process: the operations of the tools pass its pipeline like those of clients. */
import type { OperationContext } from "../graphql/context.ts";
import { type RunOperation, responsesOf } from "../graphql/operation/run.ts";
import { StreamInterrupted } from "../model/errors.ts";
import type { JobDocument, Outcome } from "./documents.ts";
import {
  describeError,
  type GraphQLResult,
  type JobSource,
  outcomeOf,
  ToolFailure,
  type Variables,
} from "./job-source.ts";

/** @param context of the caller's request */
export function createGatewaySource(run: RunOperation, context: OperationContext): JobSource {
  async function* subscribe<Job>(
    query: JobDocument<Job>,
    variables: Variables,
    signal: AbortSignal,
  ): AsyncGenerator<Outcome<Job>, void, undefined> {
    const request = { query, documentId: null, operationName: null, variables };
    const responses = responsesOf(await run(request, context));
    const end = () => void responses.return();
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    try {
      // The responses are those of the pipeline.
      for await (const json of responses) yield outcomeOf(JSON.parse(json) as GraphQLResult);
    } catch (error) {
      if (!(error instanceof StreamInterrupted)) throw error;
      throw new ToolFailure(describeError(error.code, INTERRUPTED, null));
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  const ask: JobSource["ask"] = async (document, variables, signal) => {
    for await (const outcome of subscribe(document, variables, signal)) return outcome;
    // Only a client that has disconnected gets no response.
    throw new ToolFailure("The call was cancelled.");
  };

  return { ask, subscribe };
}

const INTERRUPTED = "The gateway is shutting down, and the job has not finished. Call again to keep waiting.";
