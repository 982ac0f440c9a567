/**
 * Lookups of one operation. However often it names a job, and whatever it wants of it in each place, the job
 * costs one upstream call that serves them all.
 */
import DataLoader from "dataloader";
import { InvalidInput } from "../model/invalid-input.ts";
import { type JobOutcome, type JobRef, jobPath, type Needs } from "../model/job-instance.ts";
import type { Caller } from "../upstream/caller.ts";
import type { Trace } from "../upstream/trace.ts";
import type { Freshness, Snapshots } from "./snapshots.ts";

/** Most distinct jobs of one operation: lists are short, but an operation may have many of them. */
const MAX_JOBS = 100;

export interface JobLoader {
  /** @throws UpstreamError, and InvalidInput when the operation names too many jobs. */
  readonly load: (ref: JobRef, needs: Needs) => Promise<JobOutcome>;
}

interface Lookup {
  readonly ref: JobRef;
  needs: Needs;
}

export interface JobLoaderOptions {
  readonly snapshots: Snapshots;
  readonly caller: Caller;
  /** Where upstream calls are noted. */
  readonly trace: Trace;
  /** Ends the upstream calls when nobody waits for the operation any more. */
  readonly signal: AbortSignal;
  /** Whether what the upstream said a moment ago will do. */
  readonly accept: Freshness;
}

export function createJobLoader({ snapshots, caller, trace, signal, accept }: JobLoaderOptions): JobLoader {
  const lookups = new Map<string, Lookup>();
  const fetch = ({ ref, needs }: Lookup) => snapshots.get({ ref, needs, caller, trace, signal, accept });
  const loader = new DataLoader<Lookup, JobOutcome>(async (batch) => {
    // Thrown here it fails every lookup of the operation, before the upstream is asked for any.
    if (lookups.size > MAX_JOBS) {
      throw new InvalidInput(
        `Expected an operation to name at most ${MAX_JOBS} distinct jobs, got ${lookups.size}. Split it.`,
      );
    }
    return Promise.all(batch.map((lookup) => fetch(lookup).catch((error: Error) => error)));
  });

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
