/**
 * Host results in urql's normalized cache, which stores each page separately: joins the pages that follow each other by their
 * cursors. Pages of an earlier attempt of the step are left out, because no cursor leads to them.
 */
import {
  type Arguments,
  type Cache,
  type CachedField,
  fieldKeyOf,
  hasShape,
  type Shape,
  shapeOf,
  type WritableCache,
} from "./graphcache-fields.ts";
import { GROUP_KEYS, type HostGroup } from "./host-groups.ts";

/** The part of Graphcache's `ResolveInfo` that the functions use. */
export interface ResolveInfo {
  readonly parentKey: string;
  readonly fieldName: string;
  /** Of the field, if its response is read back from the cache. */
  readonly error: unknown;
}

/** A page in the cache. */
interface Page {
  /** Of the connection in the cache. */
  readonly key: string;
  readonly fieldKey: string;
  /** Whatever determines the list: filter and order. */
  readonly list: string | null;
  readonly first: unknown;
  readonly after: unknown;
  readonly info: PageInfo;
  /** Keys of the items. Null if no document has selected this list. */
  readonly edges: readonly string[] | null;
  readonly nodes: readonly string[] | null;
}

/** Fields of a result that resolvers return. */
type ResultFields = { [field: string]: string | number | boolean | null | string[] | ResultFields };

/** A resolver of Graphcache. Undefined means that the page is not cached; a string is the key of the connection. */
export function resolveHostResults(
  _step: unknown,
  args: Arguments,
  cache: Cache,
  info: ResolveInfo,
): ResultFields | string | undefined {
  return resolvePage(args, cache, info, pagesOf(cache, info));
}

/** The same for a group. Groups are cached by their index: a page can be of another group, which had this index before. */
export function resolveGroupResults(
  _group: unknown,
  args: Arguments,
  cache: Cache,
  info: ResolveInfo,
): ResultFields | string | undefined {
  const pages = pagesOf(cache, info).filter(({ key }) => isOfGroup(cache, key, info.parentKey));
  return resolvePage(args, cache, info, pages);
}

/** An update function of Graphcache: stores with a page of a group which group it is. */
export function labelGroupResults(
  group: HostGroup,
  args: Arguments,
  cache: WritableCache,
  { parentKey, fieldName }: ResolveInfo,
): void {
  const page = cache.resolve(parentKey, fieldKeyOf(cache, fieldName, args));
  const label = Object.fromEntries(GROUP_KEYS.map((key) => [key, group[key]]));
  // The cache has links and fields of documents only: this is a link to an object that does not exist.
  if (typeof page === "string") cache.link(page, "group", JSON.stringify(label));
}

function isOfGroup(cache: Cache, page: string, group: string): boolean {
  const label = cache.resolve(page, "group");
  const fields: HostGroup = typeof label === "string" ? JSON.parse(label) : {};
  return Object.entries(fields).every(([key, value]) => cache.resolve(group, key) === value);
}

function resolvePage(
  args: Arguments,
  cache: Cache,
  { fieldName, error }: ResolveInfo,
  pages: readonly Page[],
): ResultFields | string | undefined {
  const list = listOf(cache, args);
  const ownKey = fieldKeyOf(cache, fieldName, args);
  const pagesOfList = pages.filter((page) => page.list === list);
  const firstPages = pagesOfList.filter(({ after }) => after === null);
  const own =
    pagesOfList.find(({ fieldKey }) => fieldKey === ownKey) ??
    // If a page cannot be read, the list is shown with the error.
    (error ? withSize(firstPages, args.first) : undefined);
  if (!own) return undefined;
  const chain = chainOf(own, pagesOfList, canJoin(cache, own, pagesOfList));
  return chain.length > 1 ? join(cache, own, chain) : own.key;
}

/** The page of this size; if there is none, of another size. */
const withSize = (pages: readonly Page[], size: unknown): Page | undefined =>
  pages.find(({ first }) => first === size) ?? pages[0];

const pagesOf = (cache: Cache, { parentKey, fieldName }: ResolveInfo): readonly Page[] =>
  cache
    .inspectFields(parentKey)
    .filter((field) => field.fieldName === fieldName)
    .flatMap((field) => pageOf(cache, parentKey, field));

function pageOf(
  cache: Cache,
  parentKey: string,
  { fieldKey, arguments: args }: CachedField,
): readonly [] | readonly [Page] {
  const key = cache.resolve(parentKey, fieldKey);
  if (typeof key !== "string") return [];
  const { first, after = null } = args ?? {};
  const [edges, nodes] = ["edges", "nodes"].map((name) => keysIn(cache.resolve(key, name)));
  return [
    {
      key,
      fieldKey,
      list: listOf(cache, args ?? {}),
      first,
      after,
      info: pageInfoOf(cache, key),
      edges: edges ?? null,
      nodes: nodes ?? null,
    },
  ];
}

/** Whatever determines the list, with sorted keys. */
const listOf = (cache: Cache, { filter = null, orderBy = null }: Arguments): string | null =>
  cache.keyOfField("list", { filter, orderBy });

/**
 * Whether pages can be read together with a page: they have all fields that any document has selected for each of its hosts.
 * An empty page does not say what these are, so they are all fields of the list.
 */
function canJoin(cache: Cache, own: Page, pages: readonly Page[]): (page: Page) => boolean {
  const isEmpty = (own.nodes ?? own.edges ?? []).length === 0;
  let shapes: readonly Shape[] | undefined;
  return ({ key }) => {
    shapes ??= (isEmpty ? pages : [own]).map((page) => shapeOf(cache, [page.key]));
    return shapes.every((shape) => hasShape(cache, key, shape));
  };
}

/** A page with the pages before and after it that are linked to it, in order. */
function chainOf(own: Page, pages: readonly Page[], isReadable: (page: Page) => boolean): readonly Page[] {
  const chain = [own];
  const find = (isNeighbor: (page: Page) => boolean): Page | undefined =>
    withSize(
      pages.filter((page) => !chain.includes(page) && isNeighbor(page) && isReadable(page)),
      own.first,
    );
  for (let { after } = own; after !== null; ) {
    const previous = find(({ info }) => info.endCursor === after);
    if (!previous) break;
    chain.unshift(previous);
    ({ after } = previous);
  }
  for (let { endCursor } = own.info; typeof endCursor === "string"; ) {
    const next = find(({ after }) => after === endCursor);
    if (!next) break;
    chain.push(next);
    ({ endCursor } = next.info);
  }
  return chain;
}

function join(cache: Cache, own: Page, chain: readonly Page[]): ResultFields {
  const totalCount = cache.resolve(own.key, "totalCount");
  const { startCursor, hasPreviousPage } = chain[0]?.info ?? {};
  const { endCursor, hasNextPage } = chain.at(-1)?.info ?? {};
  const edges = chain.flatMap((page) => page.edges ?? []);
  return {
    __typename: "HostResultConnection",
    ...(typeof totalCount === "number" && { totalCount }),
    // A host that has moved between the reads of two pages is in both of them.
    ...(chain.every((page) => page.edges) && {
      edges: distinct(edges, (edge) => cache.resolve(edge, "node")),
    }),
    ...(chain.every((page) => page.nodes) && {
      nodes: [...new Set(chain.flatMap(({ nodes }) => nodes ?? []))],
    }),
    pageInfo: {
      __typename: "PageInfo",
      ...(startCursor !== undefined && { startCursor }),
      ...(hasPreviousPage !== undefined && { hasPreviousPage }),
      ...(endCursor !== undefined && { endCursor }),
      ...(hasNextPage !== undefined && { hasNextPage }),
    },
  };
}

/** The edges without those whose host an earlier one has. */
function distinct(edges: readonly string[], hostOf: (edge: string) => unknown): string[] {
  const hosts = new Set();
  return edges.filter((edge) => hosts.size < hosts.add(hostOf(edge) ?? edge).size);
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
