/**
 * A job, live. A query reads it into the cache, and a subscription updates it there. When the subscription is lost, for
 * example because the gateway restarts, the hook subscribes again with increasing delays, and polls in the meantime.
 */
import type { ErrorLike } from "@apollo/client";
import { useQuery, useSubscription } from "@apollo/client/react";
import {
  JobInstanceDocument,
  type JobInstanceRef,
  type JobInstanceResult,
  JobInstanceUpdatedDocument,
} from "bk-job-graphql/client";
import { useEffect, useState } from "react";
import { isPermanent } from "./errors.tsx";

const POLL_MS = 5_000;
const MAX_DELAY_MS = 30_000;

/** With jitter, because all pages lose their connections to a gateway at the same time. */
const delayMs = (attempt: number): number =>
  Math.min(1_000 * 2 ** (attempt - 1), MAX_DELAY_MS) * (0.5 + Math.random() / 2);

export interface LiveJob {
  /** The last known state of the job, or an outcome without a job. Undefined until it is loaded. */
  readonly result: JobInstanceResult | undefined;
  /** `ended`: the job has finished, or there is no job to follow. */
  readonly connection: "connecting" | "live" | "lost" | "ended";
  /** Why there is no result, or why it is not updated any more. */
  readonly error: ErrorLike | undefined;
  /** Reads the job and subscribes again, for example after a retry of a finished job. */
  readonly retry: () => void;
}

/** For one job: the component needs a `key` if the job can change. */
export function useJob(ref: JobInstanceRef): LiveJob {
  const variables = { ref };
  /** Number of failures in succession. */
  const [failures, setFailures] = useState(0);
  const subscription = useSubscription(JobInstanceUpdatedDocument, {
    variables,
    onData: () => setFailures(0),
    onError: () => setFailures((count) => count + 1),
  });
  const { error, restart } = subscription;
  const permanentError = error && isPermanent(error) ? error : undefined;

  useEffect(() => {
    if (!error || isPermanent(error)) return;
    const timer = setTimeout(restart, delayMs(failures));
    return () => clearTimeout(timer);
  }, [error, restart, failures]);

  const isLive = subscription.data !== undefined;
  const query = useQuery(JobInstanceDocument, {
    variables,
    pollInterval: isLive || permanentError ? 0 : POLL_MS,
    skipPollAttempt: () => document.hidden,
  });

  // A failure removes the data of a subscription or query. What is known stays visible.
  const latest = subscription.data?.jobInstanceUpdated ?? query.data?.jobInstance ?? undefined;
  const [known, setKnown] = useState(latest);
  if (latest && latest !== known) setKnown(latest);
  const result = latest ?? known;
  const isEnded = result && (result.__typename !== "JobInstance" || result.isFinished);
  const retry = () => {
    setFailures(0);
    restart();
    // Its error is in `query.error`.
    query.refetch().catch(() => {});
  };
  return {
    result,
    connection: isEnded ? "ended" : isLive ? "live" : failures > 0 ? "lost" : "connecting",
    error: permanentError ?? (result ? undefined : query.error),
    retry,
  };
}
