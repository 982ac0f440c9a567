/** The operations of the workloads: what a page that shows a job selects. */

const query = (name: string, selection: string): string => `
  query ${name}($jobInstanceId: ID!) {
    jobInstance(ref: { scopeType: BIZ, scopeId: "1", jobInstanceId: $jobInstanceId }) {
      __typename
      ... on JobInstance {
        jobInstanceId name status statusCode phase isFinished createdAt startedAt finishedAt durationMs
        scope { type id }
        ${selection}
      }
    }
  }`;

const STEP =
  "stepInstanceId name type status statusCode phase retryCount createdAt startedAt finishedAt durationMs";

/** Every field of a host result but `container`. */
const HOST = `
  id hostId ip ipv6 cloudId cloudName agentId isAgentAlive status statusCode phase tag exitCode errorCode
  startedAt finishedAt durationMs`;

export const SMALL = query("Small", `steps { ${STEP} }`);

export const ALL_HOSTS = query(
  "AllHosts",
  `steps {
    ${STEP}
    hostResults(first: 10000) { totalCount pageInfo { hasNextPage } nodes { ${HOST} } }
  }`,
);

export const OVERVIEW = query(
  "Overview",
  `steps {
    ${STEP}
    hostSummary {
      total pending running succeeded failed stopped unknown
      byStatus { status statusCode count }
    }
    hostGroups { status statusCode tag count }
    hostResults(filter: { phases: [FAILED] }, first: 50) {
      totalCount pageInfo { hasNextPage } nodes { ${HOST} }
    }
  }`,
);

const subscription = (name: string, selection: string): string => `
  subscription ${name}($jobInstanceId: ID!) {
    jobInstanceUpdated(ref: { scopeType: BIZ, scopeId: "1", jobInstanceId: $jobInstanceId }) {
      __typename
      ... on JobInstance { name status phase isFinished startedAt ${selection} }
    }
  }`;

/** What a page shows of a running job. */
export const WATCHED = subscription(
  "Watched",
  `steps { ${STEP} hostSummary { total pending running succeeded failed stopped unknown } }`,
);

export const WATCHED_HOSTS = subscription(
  "WatchedHosts",
  `steps { ${STEP} hostResults(first: 10000) { nodes { ${HOST} } } }`,
);
