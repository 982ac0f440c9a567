/** Resolvers of host results, their pages, groups and counts. */
import { createHostConnection, type HostConnection, type PageSource } from "../../model/host-connection.ts";
import { formatKey } from "../../model/host-result.ts";
import { rowAt } from "../../model/host-table.ts";
import type { Int64 } from "../../model/int64.ts";
import type { StepInstance } from "../../model/job-instance.ts";
import type { HostResultOrder } from "../../model/sdl.generated.ts";
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
import { type HostConnectionSource, type HostResultSource, hostResultsOf } from "../sources.ts";

interface PageArguments {
  readonly orderBy?: HostResultOrder | null | undefined;
  readonly first: number;
  readonly after?: string | null | undefined;
}

const optionalId = (id: Int64 | null): string | null => (id === null ? null : String(id));

/** Fields without a resolver are properties of the source. */
export const hostResult: HostResultResolvers = {
  id: ({ step, row }) => `${step.path}/${formatKey(hostResultsOf(step).keyOf(row))}`,
  hostId: ({ hostId }) => optionalId(hostId),
  cloudId: ({ cloudId }) => optionalId(cloudId),
  status: ({ statusCode }) => hostStatus(statusCode).name,
  phase: ({ statusCode }) => hostStatus(statusCode).phase,
};

const hostResultSource = (step: StepInstance, row: number): HostResultSource => ({
  ...rowAt(hostResultsOf(step).table, row),
  step,
  row,
});

/** Creates a page of host results. @param select returns its rows (null for all), called when they are first needed */
export const hostConnectionSource = (
  step: StepInstance,
  { orderBy, first, after }: PageArguments,
  select: PageSource["select"],
): HostConnectionSource => ({
  step,
  connection: createHostConnection(
    { step, results: () => hostResultsOf(step), select },
    { orderBy: orderBy ?? null, first, after: after ?? null },
  ),
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
  hasPreviousPage: ({ connection }) => connection.page().hasPreviousPage,
  startCursor: ({ connection }) => cursorAt(connection, 0),
  endCursor: ({ connection }) => cursorAt(connection, -1),
};

/** The cursor of a row of the page; null if the page is empty. */
function cursorAt(connection: HostConnection, index: 0 | -1): string | null {
  const row = connection.page().rows.at(index);
  return row === undefined ? null : connection.cursorOf(row);
}

export const hostResultGroup: HostResultGroupResolvers = {
  status: ({ group }) => (group.statusCode === null ? null : hostStatus(group.statusCode).name),
  statusCode: ({ group }) => group.statusCode,
  tag: ({ group }) => group.tag,
  exitCode: ({ group }) => group.exitCode,
  count: ({ group }) => group.rows.length,
  hostResults: ({ step, group }, page, { examineRows }) =>
    hostConnectionSource(step, page, () => {
      examineRows(group.rows.length);
      return group.rows;
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
