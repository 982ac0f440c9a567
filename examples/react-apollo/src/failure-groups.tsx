/** Why hosts failed: a document of the application itself, typed by hand. Code generators do the same. */
import { gql, type TypedDocumentNode } from "@apollo/client";
import { useQuery } from "@apollo/client/react";
import type { JobInstanceRef } from "bk-job-graphql/client";
import type { HostResultGroup } from "bk-job-graphql/schema";
import { labelOf } from "./labels.ts";

interface Variables {
  readonly ref: JobInstanceRef;
  readonly stepInstanceId: string;
}

interface Result {
  /** Without a step if there is no job, or if the job has no such step. */
  readonly jobInstance: {
    readonly step?: {
      readonly hostGroups: readonly Pick<HostResultGroup, "status" | "tag" | "exitCode" | "count">[];
    } | null;
  } | null;
}

const FAILURE_GROUPS: TypedDocumentNode<Result, Variables> = gql`
  query FailureGroups($ref: JobInstanceRef!, $stepInstanceId: ID!) {
    jobInstance(ref: $ref) {
      ... on JobInstance {
        id
        step(stepInstanceId: $stepInstanceId) {
          id
          hostGroups(by: [STATUS, TAG, EXIT_CODE], filter: { phases: [FAILED] }) {
            status
            tag
            exitCode
            count
          }
        }
      }
    }
  }
`;

interface FailureGroupsProps {
  readonly jobRef: JobInstanceRef;
  readonly stepInstanceId: string;
}

export function FailureGroups({ jobRef, stepInstanceId }: FailureGroupsProps) {
  const { data } = useQuery(FAILURE_GROUPS, {
    variables: { ref: jobRef, stepInstanceId },
    fetchPolicy: "cache-and-network",
  });
  const groups = data?.jobInstance?.step?.hostGroups ?? [];
  return (
    <ul>
      {groups.map(({ status, tag, exitCode, count }) => {
        const reason = [status && labelOf(status), tag, exitCode !== null && `exit code ${exitCode}`];
        return (
          <li key={`${status} ${tag} ${exitCode}`}>
            {count} × {reason.filter(Boolean).join(", ")}
          </li>
        );
      })}
    </ul>
  );
}
