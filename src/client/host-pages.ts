/** Pages of host results in a cache: a page that follows what is cached is appended to it. */

/** A connection as caches store it. Which fields it has depends on the documents. */
export interface HostPage {
  readonly edges?: readonly HostEdge[] | undefined;
  readonly nodes?: readonly unknown[] | undefined;
  readonly pageInfo?: HostPageInfo;
}

interface HostEdge {
  readonly cursor?: string;
}

interface HostPageInfo {
  readonly hasPreviousPage?: boolean;
  readonly startCursor?: string | null;
  readonly endCursor?: string | null;
}

/**
 * Adds a page to a connection.
 * @param after the cursor that the page was requested with. Null for the first page, which replaces all pages.
 * @returns the connection that is cached if the page does not follow it: it is of an earlier attempt of the step, for example.
 */
export function mergePages(existing: HostPage, incoming: HostPage, after: string | null): HostPage {
  const pageInfo = incoming.pageInfo && { ...existing.pageInfo, ...incoming.pageInfo };
  if (after === null) return { ...existing, ...incoming, ...(pageInfo && { pageInfo }) };
  const length = lengthUntil(existing, after);
  if (length === null) return existing;
  // A list that the document of this page does not select would lack the page, so it is left out.
  const { edges, nodes, ...others } = existing;
  return {
    ...others,
    ...incoming,
    ...append("edges", edges, incoming.edges, length),
    ...append("nodes", nodes, incoming.nodes, length),
    ...(pageInfo && { pageInfo: { ...pageInfo, ...startOf(existing.pageInfo) } }),
  };
}

/** How many results precede the page that begins after a cursor. Null if there is no result with this cursor. */
function lengthUntil({ edges = [], nodes = [], pageInfo }: HostPage, after: string): number | null {
  // The page may have been appended before.
  const index = edges.findIndex(({ cursor }) => cursor === after);
  if (index >= 0) return index + 1;
  return pageInfo?.endCursor === after ? Math.max(edges.length, nodes.length) : null;
}

/** The list with its next items. Without it, if it is too short because only another document has read what is in between. */
const append = <Item>(
  name: "edges" | "nodes",
  list: readonly Item[] = [],
  next: readonly Item[] | undefined,
  length: number,
): HostPage => ({ [name]: next && list.length >= length ? [...list.slice(0, length), ...next] : undefined });

/** What a page says about the start of the list. */
const startOf = ({ hasPreviousPage, startCursor }: HostPageInfo = {}): HostPageInfo => ({
  ...(hasPreviousPage !== undefined && { hasPreviousPage }),
  ...(startCursor !== undefined && { startCursor }),
});
