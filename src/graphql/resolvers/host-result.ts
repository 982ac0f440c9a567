/** Fields of host results, their pages, groups and counts. */
import { createHostConnection } from "../../model/host-connection.ts";
import { formatKey } from "../../model/host-result.ts";
import { rowAt } from "../../model/host-table.ts";
import type { Int64 } from "../../model/int64.ts";
import type { StepInstance } from "../../model/job-instance.ts";
import { hostStatus } from "../../model/status.ts";
import type {
  ContainerResolvers,
  HostResultConnectionResolvers,
  HostResultEdgeResolvers,
  HostResultGroupResolvers,
  HostResultResolvers,
  HostSummaryResolvers,
  PageInfoResolvers,
} from "../resolvers.generated.ts";
import type { HostResultSource } from "../sources.ts";
import { hostResultsOf } from "../sources.ts";

const optionalId = (id: Int64 | null): string | null => (id === null ? null : String(id));

export const hostResult: HostResultResolvers = {
  id: ({ step, row }) => `${step.path}/${formatKey(hostResultsOf(step).keyOf(row))}`,
  hostId: ({ result }) => optionalId(result.hostId),
  ip: ({ result }) => result.ip,
  ipv6: ({ result }) => result.ipv6,
  cloudId: ({ result }) => optionalId(result.cloudId),
  cloudName: ({ result }) => result.cloudName,
  agentId: ({ result }) => result.agentId,
  isAgentAlive: ({ result }) => result.isAgentAlive,
  container: ({ result }) => result.container,
  status: ({ result }) => hostStatus(result.statusCode).name,
  statusCode: ({ result }) => result.statusCode,
  phase: ({ result }) => hostStatus(result.statusCode).phase,
  tag: ({ result }) => result.tag,
  exitCode: ({ result }) => result.exitCode,
  errorCode: ({ result }) => result.errorCode,
  startedAt: ({ result }) => result.startedAt,
  finishedAt: ({ result }) => result.finishedAt,
  durationMs: ({ result }) => result.durationMs,
};

const hostResultSource = (step: StepInstance, row: number): HostResultSource => ({
  step,
  row,
  result: rowAt(hostResultsOf(step).table, row),
});

export const container: ContainerResolvers = {
  id: ({ id }) => String(id),
  nodeHostId: ({ nodeHostId }) => optionalId(nodeHostId),
};

export const hostResultConnection: HostResultConnectionResolvers = {
  edges: ({ step, connection }) => Array.from(connection.page().rows, (row) => ({ step, connection, row })),
  nodes: ({ step, connection }) => Array.from(connection.page().rows, (row) => hostResultSource(step, row)),
  pageInfo: (source) => source,
  totalCount: ({ connection }) => connection.totalCount(),
};

export const hostResultEdge: HostResultEdgeResolvers = {
  cursor: ({ connection, row }) => connection.cursorOf(row),
  node: ({ step, row }) => hostResultSource(step, row),
};

export const pageInfo: PageInfoResolvers = {
  hasNextPage: ({ connection }) => connection.page().hasNextPage,
  endCursor: ({ connection }) => {
    const last = connection.page().rows.at(-1);
    return last === undefined ? null : connection.cursorOf(last);
  },
};

export const hostResultGroup: HostResultGroupResolvers = {
  status: ({ group }) => (group.statusCode === null ? null : hostStatus(group.statusCode).name),
  statusCode: ({ group }) => group.statusCode,
  tag: ({ group }) => group.tag,
  exitCode: ({ group }) => group.exitCode,
  count: ({ group }) => group.rows.length,
  hostResults: ({ step, group }, { orderBy, first, after }, { examineRows }) => ({
    step,
    connection: createHostConnection(
      {
        step,
        results: () => hostResultsOf(step),
        select: () => {
          examineRows(group.rows.length);
          return group.rows;
        },
      },
      { orderBy: orderBy ?? null, first, after: after ?? null },
    ),
  }),
};

export const hostSummary: HostSummaryResolvers = {
  total: ({ summary }) => summary().total,
  pending: ({ summary }) => summary().pending,
  running: ({ summary }) => summary().running,
  succeeded: ({ summary }) => summary().succeeded,
  failed: ({ summary }) => summary().failed,
  stopped: ({ summary }) => summary().stopped,
  unknown: ({ summary }) => summary().unknown,
  byStatus: ({ summary }) => summary().byStatus,
};
