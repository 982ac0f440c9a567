/** A project that uses the package in browsers: `package.test.ts` compiles it with the types of the DOM and no others. */
import {
  createJobClient,
  HostResultsDocument,
  JobClientError,
  type JobInstanceResult,
  type JobInstanceUpdatedSubscription,
  type WatchEvent,
} from "bk-job-graphql/client";
import type { JobInstanceResult as AnyResult, HostResult, HostResultFilter } from "bk-job-graphql/schema";

const client = createJobClient({
  url: "/graphql",
  headers: async () => ({ "accept-language": navigator.language }),
  fetch: (url, init) => fetch(url, { ...init, credentials: "include" }),
});

export async function showJob(
  jobInstanceId: string,
  element: HTMLElement,
  signal: AbortSignal,
): Promise<void> {
  const show = (event: WatchEvent<JobInstanceResult>) => {
    element.textContent = event.kind === "lost" ? event.error.message : titleOf(event.state);
  };
  try {
    const ref = { scopeType: "BIZ_SET", scopeId: "1", jobInstanceId } as const;
    show({ kind: "state", state: await client.jobInstance(ref, { signal }) });
    await client.waitUntilFinished(ref, { signal, onProgress: show });
  } catch (error) {
    element.textContent = error instanceof JobClientError && error.isTransient ? "Try again." : String(error);
  }
}

const titleOf = (job: NonNullable<JobInstanceUpdatedSubscription["jobInstanceUpdated"]>): string =>
  job.__typename === "JobInstance" ? `${job.name}: ${job.steps.length} steps` : job.message;

/** Inputs have the same types in the SDL and in documents. */
export async function countHosts(jobInstanceId: string, filter: HostResultFilter): Promise<number> {
  const variables = { stepInstanceId: "1", filter, first: 1 };
  const job = await client.jobInstance({ scopeId: "1", jobInstanceId }, HostResultsDocument, { variables });
  return job.__typename === "JobInstance" ? (job.step?.hostResults.totalCount ?? 0) : 0;
}

/** The types of the SDL are those of a complete result in JSON. */
export const describeHost = ({ ip, ipv6, exitCode, startedAt }: HostResult): string =>
  `${ip ?? ipv6} ${exitCode?.toFixed()} ${startedAt?.slice(0, 10)}`;

export function messageOf(result: AnyResult): string {
  switch (result.__typename) {
    case "JobInstance":
      return result.name;
    case "PermissionDenied":
      return result.application?.actions.map(({ id }) => id).join() ?? result.message;
    default:
      return result.message;
  }
}
