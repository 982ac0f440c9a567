/** Pages of host results in Apollo Client's cache: a page that follows what is cached is appended to it. */

/** A connection in a result. Which fields it has depends on the document. */
export interface HostPage {
  readonly edges?: readonly HostEdge[] | undefined;
  readonly nodes?: readonly HostNode[] | undefined;
  readonly pageInfo?: HostPageInfo | undefined;
}

/** Pages that follow each other, as one connection. `edges` and `nodes`, if it has both, are of the same hosts. */
export interface HostPages extends HostPage {
  /** The cursor that the first page was requested with. Null if it is the first page of all. */
  readonly startsAfter: string | null;
  /** The cursor of the last host. Undefined if the document does not select it. */
  readonly endsWith: string | null | undefined;
}

interface HostEdge {
  readonly cursor?: string;
  readonly node?: HostNode;
}

/** A reference to a normalized object, or an object without an id. */
interface HostNode {
  readonly __ref?: string;
}

interface HostPageInfo {
  readonly hasNextPage?: boolean;
  readonly hasPreviousPage?: boolean;
  readonly startCursor?: string | null;
  readonly endCursor?: string | null;
}

/**
 * Adds a page to the pages in the cache.
 * @param after the cursor that the page was requested with. Null for the first page, which replaces all pages.
 * @returns the pages that are cached if this one does not follow them: it is of an earlier attempt of the step, for example.
 */
export function mergePages(
  existing: HostPages | undefined,
  incoming: HostPage,
  after: string | null,
): HostPages {
  const endsWith = incoming.pageInfo?.endCursor ?? incoming.edges?.at(-1)?.cursor;
  const pages = { ...incoming, startsAfter: after, endsWith };
  if (!existing) return pages;
  if (hasHosts(existing) && !hasHosts(incoming)) return mergeCounts(existing, incoming);
  if (after === null) return replace(existing, pages);
  if (after === existing.endsWith) return append(existing, pages);
  // Without the first page, there is nothing that this page would have to follow.
  return existing.startsAfter === null ? existing : pages;
}

const hasHosts = ({ edges, nodes }: HostPage): boolean => Boolean(edges ?? nodes);

/** Adds what a document selects that does not read any hosts. Its position in the list is not that of the pages. */
const mergeCounts = (existing: HostPages, incoming: HostPage): HostPages => ({
  ...existing,
  ...incoming,
  pageInfo: existing.pageInfo,
});

/** The first page of a list. What another document has selected of the same hosts is still valid. */
function replace({ edges, nodes, pageInfo, ...others }: HostPages, page: HostPages): HostPages {
  const known = hostsOf({ edges, nodes });
  const hosts = hostsOf(page);
  if (!hosts.every((host, index) => host !== undefined && host === known[index])) {
    return { ...others, ...page };
  }
  const { length } = hosts;
  const cursor = edges?.[length - 1]?.cursor;
  // A retry of the step changes the cursors.
  const isSameAttempt = cursor === undefined || page.endsWith === undefined || cursor === page.endsWith;
  const knownInfo = known.length === length ? pageInfo : pageInfo && startOf(pageInfo);
  return {
    ...others,
    nodes: nodes?.slice(0, length),
    edges: isSameAttempt ? edges?.slice(0, length) : undefined,
    ...page,
    pageInfo: knownInfo && isSameAttempt ? { ...knownInfo, ...page.pageInfo } : page.pageInfo,
  };
}

/** A host that has moved to this page since the pages before it were read is not repeated. */
function append(existing: HostPages, page: HostPages): HostPages {
  const known = new Set(hostsOf(existing));
  const isNew = hostsOf(page).map((host) => host === undefined || !known.has(host));
  const join = <Item>(items?: readonly Item[], next?: readonly Item[]) =>
    items && next && [...items, ...next.filter((_, index) => isNew[index])];
  // A list that the document of this page does not select would lack the page, so it is left out.
  const edges = join(existing.edges, page.edges);
  const nodes = join(existing.nodes, page.nodes);
  if (!edges && !nodes) return existing;
  const pageInfo = page.pageInfo && { ...endOf(page.pageInfo), ...startOf(existing.pageInfo ?? {}) };
  return { ...existing, ...page, edges, nodes, pageInfo, startsAfter: existing.startsAfter };
}

/** Cache keys of the hosts. Undefined for those without an id. */
const hostsOf = ({ edges, nodes }: HostPage): readonly (string | undefined)[] =>
  (nodes ?? edges?.map(({ node }) => node) ?? []).map((node) => node?.__ref);

/** What a page says about the start of the list. */
const startOf = ({ hasPreviousPage, startCursor }: HostPageInfo): HostPageInfo => ({
  ...(hasPreviousPage !== undefined && { hasPreviousPage }),
  ...(startCursor !== undefined && { startCursor }),
});

/** What a page says about the end of the list. */
const endOf = ({ hasPreviousPage: _previous, startCursor: _start, ...end }: HostPageInfo): HostPageInfo =>
  end;
