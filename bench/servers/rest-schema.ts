/**
 * A schema in the form of the REST endpoint, as a user of Mercurius would write it in an hour: the upstream's names,
 * numbers and codes, in both dialects, with default resolvers where possible. Host lists are whole or filtered by
 * arguments.
 */
import { makeExecutableSchema } from "@graphql-tools/schema";
import type { GraphQLSchema } from "graphql";
import type { JobsContext } from "./resolvers.ts";
import type { HostRow, StepInstance } from "./upstream-body.ts";

const typeDefs = `
  type Query {
    job_instance_status(
      bk_scope_type: String!, bk_scope_id: String!, job_instance_id: ID!, return_ip_result: Boolean = false
    ): JobInstanceStatus
  }
  type JobInstanceStatus {
    finished: Boolean!
    job_instance: JobInstance!
    step_instance_list: [StepInstance!]!
  }
  type JobInstance {
    job_instance_id: Float!
    bk_scope_type: String!
    bk_scope_id: String!
    name: String!
    status: Int!
    create_time: Float!
    start_time: Float
    end_time: Float
    total_time: Float
  }
  type StepInstance {
    step_instance_id: Float!
    name: String!
    type: Int!
    status: Int!
    execute_count: Int!
    create_time: Float
    start_time: Float
    end_time: Float
    total_time: Float
    step_ip_result_list(statuses: [Int!], first: Int): [IpResult!]
    step_execute_object_result_list(statuses: [Int!], first: Int): [ExecuteObjectResult!]
    status_counts: [StatusCount!]!
    tag_groups: [TagGroup!]!
  }
  type IpResult {
    bk_host_id: Float
    ip: String
    bk_cloud_id: Int
    status: Int!
    tag: String
    exit_code: Int
    error_code: Int
    start_time: Float
    end_time: Float
    total_time: Float
  }
  type ExecuteObjectResult {
    execute_object: ExecuteObject!
    status: Int!
    tag: String
    exit_code: Int
    start_time: Float
    end_time: Float
    total_time: Float
  }
  type ExecuteObject {
    type: Int!
    resource_id: String
    host: Host
    container: Container
  }
  type Host {
    bk_host_id: Float
    bk_cloud_id: Int
    bk_cloud_name: String
    ip: String
    ipv6: String
    bk_agent_id: String
    alive: Int
  }
  type Container {
    id: Float!
    container_id: String!
    node_host_id: Float
    name: String!
  }
  type StatusCount {
    status: Int!
    count: Int!
  }
  type TagGroup {
    status: Int!
    tag: String
    count: Int!
  }
`;

interface ListArgs {
  readonly statuses?: readonly number[] | null;
  readonly first?: number | null;
}

const hostIdOf = (row: HostRow): number => (row.execute_object?.host ?? row).bk_host_id ?? 0;

function page(rows: readonly HostRow[] | undefined, { statuses, first }: ListArgs) {
  if (!rows || (!statuses && first == null)) return rows;
  const wanted = statuses ? rows.filter(({ status }) => statuses.includes(status)) : rows;
  // The upstream's order changes from call to call, so a page needs a stable order.
  return first == null ? wanted : wanted.toSorted((a, b) => hostIdOf(a) - hostIdOf(b)).slice(0, first);
}

const rowsOf = (step: StepInstance): readonly HostRow[] =>
  step.step_execute_object_result_list ?? step.step_ip_result_list ?? [];

function statusCounts(step: StepInstance) {
  const counts = new Map<number, number>();
  for (const { status } of rowsOf(step)) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a - b).map(([status, count]) => ({ status, count }));
}

function tagGroups(step: StepInstance) {
  const groups = new Map<string, { status: number; tag: string; count: number }>();
  for (const { status, tag = "" } of rowsOf(step)) {
    const key = `${status} ${tag}`;
    const group = groups.get(key);
    if (group) group.count += 1;
    else groups.set(key, { status, tag, count: 1 });
  }
  return [...groups.values()].sort((a, b) => a.status - b.status || (a.tag < b.tag ? -1 : 1));
}

interface StatusArgs {
  readonly job_instance_id: string;
  readonly return_ip_result: boolean;
}

const resolvers = {
  Query: {
    job_instance_status: async (
      _: unknown,
      { job_instance_id, return_ip_result }: StatusArgs,
      { jobs }: JobsContext,
    ) => (await jobs.read(job_instance_id, return_ip_result)).data,
  },
  StepInstance: {
    step_ip_result_list: (step: StepInstance, args: ListArgs) => page(step.step_ip_result_list, args),
    step_execute_object_result_list: (step: StepInstance, args: ListArgs) =>
      page(step.step_execute_object_result_list, args),
    status_counts: statusCounts,
    tag_groups: tagGroups,
  },
};

export const createRestSchema = (): GraphQLSchema =>
  makeExecutableSchema<JobsContext>({ typeDefs, resolvers });
