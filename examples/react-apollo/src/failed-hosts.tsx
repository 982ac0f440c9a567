/** The failed hosts of a step, page by page. */
import { type ErrorLike, NetworkStatus } from "@apollo/client";
import { useQuery } from "@apollo/client/react";
import { type HostDetailsFragment, HostResultsDocument, type JobInstanceRef } from "bk-job-graphql/client";
import { useState } from "react";
import { Failure } from "./errors.tsx";
import { FailureGroups } from "./failure-groups.tsx";
import { labelOf } from "./labels.ts";

const PAGE_SIZE = 20;

interface FailedHostsProps {
  readonly jobRef: JobInstanceRef;
  readonly stepInstanceId: string;
}

export function FailedHosts({ jobRef, stepInstanceId }: FailedHostsProps) {
  const { data, error, networkStatus, fetchMore, refetch } = useQuery(HostResultsDocument, {
    variables: { ref: jobRef, stepInstanceId, filter: { phases: ["FAILED"] }, first: PAGE_SIZE },
    // The cache may have the hosts of an earlier state of the step.
    fetchPolicy: "cache-and-network",
  });
  const [moreError, setMoreError] = useState<ErrorLike | null>(null);
  const reload = () => {
    setMoreError(null);
    // Its error is in `error`.
    refetch().catch(() => {});
  };

  const job = data?.jobInstance;
  const page = job?.__typename === "JobInstance" ? job.step?.hostResults : undefined;
  if (!page) return error ? <Failure error={error} onRetry={reload} /> : <p role="status">Loading hosts…</p>;
  if (page.totalCount === 0) return <p>No host has failed.</p>;

  const { endCursor } = page.pageInfo;
  // `apolloTypePolicies` append the next page to the list. After a retry of the step, the cursor is invalid: reload.
  const more = () => void fetchMore({ variables: { after: endCursor } }).catch(setMoreError);
  const isLoadingMore = networkStatus === NetworkStatus.fetchMore;
  return (
    <>
      <FailureGroups jobRef={jobRef} stepInstanceId={stepInstanceId} />
      <p role="status">
        {page.nodes.length} of {page.totalCount} failed hosts
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">Host</th>
            <th scope="col">Result</th>
            <th scope="col">Message</th>
            <th scope="col">Exit code</th>
          </tr>
        </thead>
        <tbody>
          {page.nodes.map((host) => (
            <HostRow key={host.id} host={host} />
          ))}
        </tbody>
      </table>
      {moreError && <Failure error={moreError} onRetry={reload} />}
      {page.pageInfo.hasNextPage && (
        <button type="button" onClick={more} disabled={isLoadingMore}>
          {isLoadingMore ? "Loading…" : "More"}
        </button>
      )}
    </>
  );
}

/** The message is what the script passed to `job_fail`. */
const HostRow = ({ host }: { readonly host: HostDetailsFragment }) => (
  <tr>
    <th scope="row">{host.ip ?? host.ipv6 ?? host.container?.name ?? host.hostId}</th>
    <td>{labelOf(host.status)}</td>
    <td>{host.tag}</td>
    <td>{host.exitCode}</td>
  </tr>
);
