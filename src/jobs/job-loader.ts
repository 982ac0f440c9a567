/**
 * Lookups of one operation. However often it names a job, and whatever it wants of it in each place, the job
 * costs one upstream call that serves them all.
 */
import DataLoader from "dataloader";
import { type JobOutcome, type JobRef, jobPath } from "../model/job-instance.ts";
import type { Caller } from "../upstream/caller.ts";
import type { Needs, UpstreamClient } from "../upstream/client.ts";
import type { Trace } from "../upstream/trace.ts";

export interface JobLoader {
  /** @throws UpstreamError */
  readonly load: (ref: JobRef, needs: Needs) => Promise<JobOutcome>;
}

interface Lookup {
  readonly ref: JobRef;
  needs: Needs;
}

export interface JobLoaderOptions {
  readonly upstream: UpstreamClient;
  readonly caller: Caller;
  /** Where upstream calls are noted. */
  readonly trace: Trace;
  /** Ends the upstream calls when nobody waits for the operation any more. */
  readonly signal: AbortSignal;
}

export function createJobLoader({ upstream, caller, trace, signal }: JobLoaderOptions): JobLoader {
  const lookups = new Map<string, Lookup>();
  const fetch = ({ ref, needs }: Lookup) => upstream.getJobInstance({ ref, needs, caller, trace, signal });
  const loader = new DataLoader<Lookup, JobOutcome>((batch) =>
    Promise.all(batch.map((lookup) => fetch(lookup).catch((error: Error) => error))),
  );

  const load: JobLoader["load"] = (ref, needs) => {
    const path = jobPath(ref.scope, ref.jobInstanceId);
    const lookup = lookups.get(path) ?? { ref, needs };
    // Lookups are root fields, which all resolve in one tick: what one of them adds here, DataLoader has not
    // dispatched yet.
    if (needs === "hosts") lookup.needs = "hosts";
    lookups.set(path, lookup);
    return loader.load(lookup);
  };

  return { load };
}
