/**
 * What a subscription tells: the operation runs anew on every state of the job, and what it then answers is told when
 * it is not what was told last.
 */
import { StreamInterrupted } from "../model/interruption.ts";
import type { JobState, ObservedJob } from "../model/job-state.ts";
import type { Trace } from "../upstream/trace.ts";
import type { LiveOperation } from "./context.ts";
import { endedWith } from "./ended-with.ts";
import type { LiveRun, LiveRuns } from "./live-runs.ts";

/**
 * JSON texts of the operation's results. `return()` ends it at once. Failures are results with `errors`, noted in
 * `trace`; only StreamInterrupted is thrown.
 */
export type LiveResults = (operation: LiveOperation, trace: Trace) => AsyncGenerator<string, void, undefined>;

export function createLiveResults(runs: LiveRuns): LiveResults {
  /** Tells what is new to one viewer. */
  const createNews = (operation: LiveOperation): ((observed: ObservedJob) => Promise<LiveRun | null>) => {
    const tellsReading = runs.tellsReading(operation);
    let last: { readonly state: JobState | null; readonly digest: string } | null = null;
    return async ({ outcome, state }) => {
      if (state && state === last?.state) return null;
      const run = await runs.run(operation, outcome, tellsReading);
      const isNew = run.digest !== last?.digest;
      last = { state, digest: run.digest };
      if (!isNew) return null;
      return tellsReading ? runs.run(operation, outcome, false) : run;
    };
  };

  async function* results(operation: LiveOperation, trace: Trace): AsyncGenerator<string, void, undefined> {
    const tell = ({ text, errorCodes, faults }: LiveRun): string => {
      // Once each, as a stream can go on for hours.
      trace.errorCodes.push(...errorCodes.filter((code) => !trace.errorCodes.includes(code)));
      trace.faults.push(...faults.filter((fault) => !trace.faults.includes(fault)));
      return text;
    };
    const newsOf = createNews(operation);
    try {
      for await (const observed of operation.states) {
        const news = await newsOf(observed);
        if (news) yield tell(news);
      }
    } catch (error) {
      if (error instanceof StreamInterrupted) throw error;
      yield tell(await runs.fail(operation, error));
    }
  }

  return (operation, trace) => endedWith(results(operation, trace), operation.states);
}
