/** The operations of the clients. They refer to jobs by variables, so that documents reveal no job. */

const PROBLEM = "... on Problem { upstreamRequestId }";
const JOB = "jobInstanceId name isFinished observedAt upstreamRequestId";

const STATUS = `__typename ... on JobInstance { ${JOB} steps { name } } ${PROBLEM}`;
const HOSTS = `__typename ... on JobInstance {
  ${JOB} hostSummary { total }
  steps { name hostResults(first: 10000) { totalCount nodes { tag exitCode } } }
} ${PROBLEM}`;

const one = (name: string, selection: string) =>
  `query ${name}($ref: JobInstanceRef!) { jobInstance(ref: $ref) { ${selection} } }`;
const several = (name: string, selection: string) =>
  `query ${name}($refs: [JobInstanceRef!]!) { jobInstances(refs: $refs) { ${selection} } }`;
const live = (name: string, selection: string) =>
  `subscription ${name}($ref: JobInstanceRef!) { jobInstanceUpdated(ref: $ref) { ${selection} } }`;

export const documentOf = (kind: "one" | "several" | "live", withHosts: boolean): string => {
  const create = { one, several, live }[kind];
  return withHosts ? create(`${kind}Hosts`, HOSTS) : create(`${kind}Status`, STATUS);
};

export const refOf = (jobInstanceId: string) => ({ scopeType: "BIZ", scopeId: "1", jobInstanceId });
