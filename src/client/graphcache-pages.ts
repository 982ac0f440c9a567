/**
 * Host results in urql's normalized cache, which stores each page separately: joins the pages that follow each other by their
 * cursors. Pages of an earlier attempt of the step are left out, because no cursor leads to them.
 */

type Arguments = Readonly<Record<string, unknown>>;

/** The part of Graphcache's `Cache` that the resolver uses. */
interface Cache {
  inspectFields(entityKey: string): readonly CachedField[];
  keyOfField(fieldName: string, args?: Arguments | null): string | null;
  resolve(entityKey: string, fieldKey: string): unknown;
}

interface CachedField {
  readonly fieldKey: string;
  readonly fieldName: string;
  readonly arguments: Arguments | null;
}

/** The part of Graphcache's `ResolveInfo` that the resolver uses. */
interface ResolveInfo {
  readonly parentKey: string;
  readonly fieldName: string;
}

/** A page in the cache. */
interface Page {
  /** Of the connection in the cache. */
  readonly key: string;
  readonly fieldKey: string;
  /** Whatever determines the list: filter and order. */
  readonly list: string;
  readonly first: unknown;
  readonly after: unknown;
  readonly endCursor: unknown;
  /** Keys of the items. Null if no document has selected this list. */
  readonly edges: readonly string[] | null;
  readonly nodes: readonly string[] | null;
}

/** Fields of a result. Graphcache reads the others from the cache. */
type ResultFields = { [field: string]: string | boolean | null | string[] | ResultFields };

/** A resolver of Graphcache. Undefined means that the page is not cached; a string is the key of the connection. */
export function resolveHostResults(
  _step: unknown,
  args: Arguments,
  cache: Cache,
  { parentKey, fieldName }: ResolveInfo,
): ResultFields | string | undefined {
  const pages = cache
    .inspectFields(parentKey)
    .filter((field) => field.fieldName === fieldName)
    .flatMap((field) => pageOf(cache, parentKey, field));
  const fieldKey = cache.keyOfField(fieldName, Object.keys(args).length > 0 ? args : null);
  const own = pages.find((page) => page.fieldKey === fieldKey);
  if (!own) return undefined;
  const chain = chainOf(own, pages.filter(canJoin(own)));
  return chain.length > 1 ? join(cache, chain) : own.key;
}

function pageOf(
  cache: Cache,
  parentKey: string,
  { fieldKey, arguments: args }: CachedField,
): readonly [] | readonly [Page] {
  const key = cache.resolve(parentKey, fieldKey);
  if (typeof key !== "string") return [];
  const { filter = null, orderBy = null, first, after = null } = args ?? {};
  // Graphcache has sorted the keys of the arguments.
  const list = JSON.stringify([filter, orderBy]);
  const { endCursor } = pageInfoOf(cache, key);
  const [edges, nodes] = ["edges", "nodes"].map((name) => keysIn(cache.resolve(key, name)));
  return [{ key, fieldKey, list, first, after, endCursor, edges: edges ?? null, nodes: nodes ?? null }];
}

/** Whether a page is of the same list as another one, and has all items that were selected there. */
const canJoin =
  (own: Page) =>
  ({ list, edges, nodes }: Page): boolean =>
    list === own.list && (edges !== null || own.edges === null) && (nodes !== null || own.nodes === null);

/** A page with the pages before and after it that are linked to it, in order. */
function chainOf(own: Page, pages: readonly Page[]): readonly Page[] {
  const chain = [own];
  const find = (isNeighbor: (page: Page) => boolean): Page | undefined => {
    const found = pages.filter((page) => !chain.includes(page) && isNeighbor(page));
    return found.find(({ first }) => first === own.first) ?? found[0];
  };
  for (let { after } = own; after !== null; ) {
    const previous = find(({ endCursor }) => endCursor === after);
    if (!previous) break;
    chain.unshift(previous);
    ({ after } = previous);
  }
  for (let { endCursor } = own; typeof endCursor === "string"; ) {
    const next = find(({ after }) => after === endCursor);
    if (!next) break;
    chain.push(next);
    ({ endCursor } = next);
  }
  return chain;
}

function join(cache: Cache, chain: readonly Page[]): ResultFields {
  const infos = chain.map(({ key }) => pageInfoOf(cache, key));
  const { startCursor, hasPreviousPage } = infos[0] ?? {};
  const { endCursor, hasNextPage } = infos.at(-1) ?? {};
  return {
    __typename: "HostResultConnection",
    ...(chain.every(({ edges }) => edges) && { edges: chain.flatMap(({ edges }) => edges ?? []) }),
    ...(chain.every(({ nodes }) => nodes) && { nodes: chain.flatMap(({ nodes }) => nodes ?? []) }),
    pageInfo: {
      __typename: "PageInfo",
      ...(startCursor !== undefined && { startCursor }),
      ...(hasPreviousPage !== undefined && { hasPreviousPage }),
      ...(endCursor !== undefined && { endCursor }),
      ...(hasNextPage !== undefined && { hasNextPage }),
    },
  };
}

const keysIn = (list: unknown): readonly string[] | null =>
  Array.isArray(list) && list.every((key) => typeof key === "string") ? list : null;

/** Undefined if no document has selected it. */
interface PageInfo {
  readonly startCursor?: string | null | undefined;
  readonly endCursor?: string | null | undefined;
  readonly hasPreviousPage?: boolean | undefined;
  readonly hasNextPage?: boolean | undefined;
}

function pageInfoOf(cache: Cache, connection: string): PageInfo {
  const key = cache.resolve(connection, "pageInfo");
  if (typeof key !== "string") return {};
  const cursor = (field: string) => {
    const value = cache.resolve(key, field);
    return typeof value === "string" || value === null ? value : undefined;
  };
  const flag = (field: string) => {
    const value = cache.resolve(key, field);
    return typeof value === "boolean" ? value : undefined;
  };
  return {
    startCursor: cursor("startCursor"),
    endCursor: cursor("endCursor"),
    hasPreviousPage: flag("hasPreviousPage"),
    hasNextPage: flag("hasNextPage"),
  };
}
