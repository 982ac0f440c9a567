/** Fields of host results, their pages, groups and counts. */
import { createHostConnection } from "../../model/host-connection.ts";
import { keyText } from "../../model/host-result.ts";
import type { Int64 } from "../../model/int64.ts";
import { hostStatus } from "../../model/status.ts";
import { hostResultsOf } from "../host-results.ts";
import type {
  ContainerResolvers,
  HostResultConnectionResolvers,
  HostResultEdgeResolvers,
  HostResultGroupResolvers,
  HostResultResolvers,
  HostSummaryResolvers,
  PageInfoResolvers,
} from "../resolvers.generated.ts";

const optionalId = (id: Int64 | null): string | null => (id === null ? null : String(id));

export const hostResult: HostResultResolvers = {
  id: ({ step, row }) => `${step.path}/${keyText(hostResultsOf(step).keyOf(row))}`,
  hostId: ({ row }) => optionalId(row.hostId),
  ip: ({ row }) => row.ip,
  ipv6: ({ row }) => row.ipv6,
  cloudId: ({ row }) => optionalId(row.cloudId),
  cloudName: ({ row }) => row.cloudName,
  agentId: ({ row }) => row.agentId,
  isAgentAlive: ({ row }) => row.isAgentAlive,
  container: ({ row }) => row.container,
  status: ({ row }) => hostStatus(row.statusCode).name,
  statusCode: ({ row }) => row.statusCode,
  phase: ({ row }) => hostStatus(row.statusCode).phase,
  tag: ({ row }) => row.tag,
  exitCode: ({ row }) => row.exitCode,
  errorCode: ({ row }) => row.errorCode,
  startedAt: ({ row }) => row.startedAt,
  finishedAt: ({ row }) => row.finishedAt,
  durationMs: ({ row }) => row.durationMs,
};

export const container: ContainerResolvers = {
  id: ({ id }) => String(id),
  nodeHostId: ({ nodeHostId }) => optionalId(nodeHostId),
};

export const hostResultConnection: HostResultConnectionResolvers = {
  edges: ({ step, connection }) => connection.page().rows.map((row) => ({ step, connection, row })),
  nodes: ({ step, connection }) => connection.page().rows.map((row) => ({ step, row })),
  pageInfo: (source) => source,
  totalCount: ({ connection }) => connection.totalCount(),
};

export const hostResultEdge: HostResultEdgeResolvers = {
  cursor: ({ connection, row }) => connection.cursorOf(row),
  node: ({ step, row }) => ({ step, row }),
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
  hostResults: ({ step, group }, { orderBy, first, after }) => ({
    step,
    connection: createHostConnection(
      { step, select: () => group.rows, keyOf: hostResultsOf(step).keyOf },
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
