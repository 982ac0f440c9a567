/**
 * Example operations of the explorers, which run as they are on the simulator. Each is complete without variables, so that
 * a user only replaces the ids.
 */

export interface ExampleOperation {
  /** Name of the operation in `text`. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly text: string;
}

/** The first query in an explorer, also printed by `demo`. */
export const SAMPLE_QUERY = `query JobStatus {
  jobInstance(ref: { scopeId: "1", jobInstanceId: "20000000002" }) {
    ... on JobInstance {
      name
      status
      elapsedMs
      hostSummary { total succeeded failed }
      steps {
        name
        status
        hostGroups { status tag count }
      }
    }
    ... on Problem { message }
  }
}`;

const FAILED_HOSTS = `query FailedHosts {
  jobInstance(ref: { scopeId: "1", jobInstanceId: "20000000002" }) {
    ... on JobInstance {
      name
      steps(filter: { phases: [FAILED] }) {
        name
        hostResults(
          filter: { phases: [FAILED] }
          orderBy: { field: EXIT_CODE, direction: DESC }
          first: 20
        ) {
          totalCount
          nodes {
            ip
            status
            exitCode
            tag
            durationMs
          }
          pageInfo { hasNextPage endCursor }
        }
      }
    }
    ... on Problem { message }
  }
}`;

const HOST_GROUPS = `query HostGroups {
  jobInstance(ref: { scopeId: "1", jobInstanceId: "20000000006" }) {
    ... on JobInstance {
      name
      steps {
        name
        hostSummary { total succeeded failed }
        hostGroups(by: [STATUS, EXIT_CODE]) {
          status
          exitCode
          count
          hostResults(first: 3) { nodes { ip } }
        }
      }
    }
    ... on Problem { message }
  }
}`;

const SEVERAL_JOBS = `query SeveralJobs {
  jobInstances(
    refs: [
      { scopeId: "1", jobInstanceId: "20000000001" }
      { scopeId: "1", jobInstanceId: "20000000004" }
      { scopeType: BIZ_SET, scopeId: "9991001", jobInstanceId: "20000000015" }
      { scopeId: "1", jobInstanceId: "20000000404" }
    ]
  ) {
    __typename
    ... on JobInstance {
      id
      name
      status
      isFinished
      currentStep { name status }
    }
    ... on Problem { message }
  }
}`;

const PERMISSION_DENIED = `query PermissionDenied {
  jobInstance(ref: { scopeId: "1", jobInstanceId: "20000000403" }) {
    ... on JobInstance { name }
    ... on PermissionDenied {
      message
      application {
        systemName
        actions {
          id
          name
          relatedResourceTypes {
            typeName
            instances { id name }
          }
        }
      }
    }
    ... on JobInstanceNotFound { message }
  }
}`;

const LIVE_JOB = `subscription LiveJob {
  jobInstanceUpdated(ref: { scopeId: "1", jobInstanceId: "20000000003" }) {
    ... on JobInstance {
      name
      status
      isFinished
      stepSummary { total succeeded failed }
      hostSummary { total pending running succeeded failed }
      currentStep { name status }
    }
    ... on Problem { message }
  }
}`;

export const EXAMPLE_OPERATIONS: readonly ExampleOperation[] = [
  {
    name: "JobStatus",
    title: "Status of a job",
    description: "Its steps, with the hosts of each step counted by status and tag.",
    text: SAMPLE_QUERY,
  },
  {
    name: "FailedHosts",
    title: "Failed hosts",
    description: "Only the hosts that failed, ordered by exit code, one page at a time.",
    text: FAILED_HOSTS,
  },
  {
    name: "HostGroups",
    title: "Groups of hosts",
    description:
      "10 000 hosts in one small response: counts by status and exit code, and three hosts of each group.",
    text: HOST_GROUPS,
  },
  {
    name: "SeveralJobs",
    title: "Several jobs",
    description: "A batch of up to 50 jobs. One of them does not exist: that is a result, not an error.",
    text: SEVERAL_JOBS,
  },
  {
    name: "PermissionDenied",
    title: "No permission",
    description: "What the user can apply for in BlueKing IAM to see the job.",
    text: PERMISSION_DENIED,
  },
  {
    name: "LiveJob",
    title: "A live job",
    description: "A subscription: a new state whenever a selected field changes, until the job has finished.",
    text: LIVE_JOB,
  },
];
