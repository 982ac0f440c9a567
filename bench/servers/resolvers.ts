/**
 * Plain resolvers for the fields that the workloads select. Rows are mapped once to objects with the schema's names,
 * and only those of the page.
 */
import { type GraphQLResolveInfo, GraphQLScalarType, Kind, type SelectionSetNode } from "graphql";
import { hostStatus, runStatus, scopeType, stepType } from "../../src/model/status.ts";
import type { Jobs } from "./upstream.ts";
import type { HostRow, StepInstance } from "./upstream-body.ts";

export interface JobsContext {
  readonly jobs: Jobs;
}

const NEEDS_HOSTS = new Set(["hostResults", "hostGroups", "hostSummary"]);

/** The operations of the workloads have no named fragments. */
function selectsHosts(selections: SelectionSetNode | undefined): boolean {
  return (selections?.selections ?? []).some(
    (node) =>
      (node.kind === Kind.FIELD && NEEDS_HOSTS.has(node.name.value)) ||
      (node.kind !== Kind.FRAGMENT_SPREAD && selectsHosts(node.selectionSet)),
  );
}

interface Step extends StepInstance {
  readonly path: string;
}

const rowsOf = (step: Step): readonly HostRow[] =>
  step.step_execute_object_result_list ?? step.step_ip_result_list ?? [];
/** Hosts by id, then containers by theirs. */
const orderOf = ({ execute_object, bk_host_id }: HostRow): number =>
  execute_object?.container
    ? AFTER_HOSTS + execute_object.container.id
    : (execute_object?.host?.bk_host_id ?? bk_host_id ?? 0);
const AFTER_HOSTS = 2 ** 52;

function toHostResult(row: HostRow, { path }: Step) {
  const host = row.execute_object?.host ?? row;
  const { name, phase } = hostStatus(row.status);
  return {
    id: `${path}/host:${host.bk_host_id}`,
    hostId: host.bk_host_id,
    ip: host.ip,
    ipv6: host.ipv6,
    cloudId: host.bk_cloud_id,
    cloudName: host.bk_cloud_name,
    agentId: host.bk_agent_id,
    isAgentAlive: host.alive === undefined ? null : host.alive === 1,
    status: name,
    statusCode: row.status,
    phase,
    tag: row.tag || null,
    exitCode: row.exit_code,
    errorCode: row.error_code,
    startedAt: row.start_time,
    finishedAt: row.end_time,
    durationMs: row.total_time,
  };
}

interface PageArgs {
  readonly filter?: { readonly phases?: readonly string[] };
  readonly first: number;
}

function hostResults(step: Step, { filter, first }: PageArgs) {
  const { phases } = filter ?? {};
  const all = rowsOf(step);
  const rows = phases ? all.filter(({ status }) => phases.includes(hostStatus(status).phase)) : all;
  // Pages need a stable order; a whole list does not.
  const page = rows.length > first ? rows.toSorted((a, b) => orderOf(a) - orderOf(b)).slice(0, first) : rows;
  return {
    totalCount: rows.length,
    pageInfo: { hasNextPage: rows.length > first },
    nodes: page.map((row) => toHostResult(row, step)),
  };
}

function hostSummary(step: Step) {
  const rows = rowsOf(step);
  const counts = new Map<number, number>();
  for (const { status } of rows) counts.set(status, (counts.get(status) ?? 0) + 1);
  const phases: Record<string, number> = {};
  for (const [code, count] of counts) {
    const { phase } = hostStatus(code);
    phases[phase] = (phases[phase] ?? 0) + count;
  }
  return {
    total: rows.length,
    pending: phases.PENDING ?? 0,
    running: phases.RUNNING ?? 0,
    succeeded: phases.SUCCEEDED ?? 0,
    failed: phases.FAILED ?? 0,
    stopped: phases.STOPPED ?? 0,
    unknown: phases.UNKNOWN ?? 0,
    byStatus: [...counts]
      .sort(([a], [b]) => a - b)
      .map(([statusCode, count]) => ({ status: hostStatus(statusCode).name, statusCode, count })),
  };
}

function hostGroups(step: Step) {
  const groups = Map.groupBy(rowsOf(step), ({ status, tag }) => `${status}/${tag ?? ""}`);
  return [...groups.values()]
    .map((rows) => ({ statusCode: rows[0]?.status ?? 0, tag: rows[0]?.tag || null, count: rows.length }))
    .sort((a, b) => a.statusCode - b.statusCode || ((a.tag ?? "") < (b.tag ?? "") ? -1 : 1))
    .map((group) => ({ ...group, status: hostStatus(group.statusCode).name }));
}

async function jobInstance(
  _: unknown,
  { ref }: { ref: { jobInstanceId: string } },
  { jobs }: JobsContext,
  info: GraphQLResolveInfo,
) {
  const { data } = await jobs.read(ref.jobInstanceId, selectsHosts(info.fieldNodes[0]?.selectionSet));
  const job = data.job_instance;
  const path = `${job.bk_scope_type}/${job.bk_scope_id}/${job.job_instance_id}`;
  return {
    ...times(job),
    jobInstanceId: job.job_instance_id,
    scope: { type: scopeType(job.bk_scope_type), id: job.bk_scope_id },
    name: job.name,
    status: runStatus(job.status).name,
    statusCode: job.status,
    phase: runStatus(job.status).phase,
    isFinished: data.finished,
    steps: data.step_instance_list.map((step) => ({ ...step, path: `${path}/${step.step_instance_id}` })),
  };
}

const times = (run: {
  create_time: number;
  start_time?: number;
  end_time?: number;
  total_time?: number;
}) => ({
  createdAt: run.create_time,
  startedAt: run.start_time,
  finishedAt: run.end_time,
  durationMs: run.total_time,
});

export const resolvers = {
  DateTime: new GraphQLScalarType({
    name: "DateTime",
    serialize: (value) => new Date(Number(value)).toISOString(),
  }),
  Query: { jobInstance },
  JobInstanceResult: { __resolveType: () => "JobInstance" },
  StepInstance: {
    stepInstanceId: (step: Step) => step.step_instance_id,
    type: (step: Step) => stepType(step.type),
    status: (step: Step) => runStatus(step.status).name,
    statusCode: (step: Step) => step.status,
    phase: (step: Step) => runStatus(step.status).phase,
    retryCount: (step: Step) => step.execute_count,
    createdAt: (step: Step) => step.create_time,
    startedAt: (step: Step) => step.start_time,
    finishedAt: (step: Step) => step.end_time,
    durationMs: (step: Step) => step.total_time,
    hostResults,
    hostSummary,
    hostGroups,
  },
};
