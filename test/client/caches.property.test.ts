/** Random sequences of pages, retries and failed pages in the caches of Apollo Client and urql, compared with a simple model. */
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import { apolloTypePolicies, graphcacheOptions, possibleTypes } from "../../src/client/index.ts";
import { AUTHORIZATION } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { hostRow, scriptJob, stepRow } from "../support/job-payload.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ config: { logLevel: "silent" } });
});
afterAll(() => gateway.close());

const documentOf = (items: string) => gql`
  query Hosts($id: ID!, $filter: HostResultFilter, $orderBy: HostResultOrder, $first: Int!, $after: String) {
    jobInstance(ref: { scopeId: "1", jobInstanceId: $id }) {
      __typename
      ... on JobInstance {
        id
        step(stepInstanceId: "1") {
          id
          hostResults(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
            ${items}
            pageInfo { hasNextPage endCursor }
          }
        }
      }
    }
  }
`;
const DOCUMENTS = {
  nodes: documentOf("nodes { id ip }"),
  "nodes with more fields": documentOf("totalCount nodes { id ip status exitCode }"),
  edges: documentOf("edges { cursor node { id ip } }"),
  "edges without cursors": documentOf("edges { node { id ip } }"),
};
type DocumentName = keyof typeof DOCUMENTS;
type Document = (typeof DOCUMENTS)[DocumentName];

/** A host in the model: the third number of its address is the attempt, the last one its place in the default order. */
interface Host {
  readonly ip: string;
  readonly isFailed: boolean;
  readonly exitCode: number;
  /** Whether its exit code has changed. */
  readonly hasMoved?: boolean;
}

/** The hosts of one attempt. */
type Attempt = readonly Host[];

/** A list of hosts, as a table in an application shows it. */
interface List {
  readonly job: number;
  readonly variables: { readonly filter?: object; readonly orderBy?: object };
  readonly of: (attempt: Attempt) => Attempt;
}
const LISTS: readonly List[] = [
  { job: 1, variables: {}, of: (hosts) => hosts },
  { job: 2, variables: {}, of: (hosts) => hosts },
  {
    job: 1,
    variables: { filter: { phases: ["FAILED"] } },
    of: (hosts) => hosts.filter(({ isFailed }) => isFailed),
  },
  {
    job: 1,
    variables: { orderBy: { field: "EXIT_CODE", direction: "DESC" } },
    of: (hosts) => hosts.toSorted((left, right) => right.exitCode - left.exitCode),
  },
];

const attemptOf = (job: number, attempt: number): Attempt =>
  Array.from({ length: 7 + attempt }, (_, index) => ({
    ip: `10.${job}.${attempt}.${index + 1}`,
    isFailed: index % 3 > 0,
    exitCode: (index * 5) % 4,
  }));

/** The attempts of the jobs, served by the simulator. */
function serveJobs() {
  const jobs = new Map([1, 2].map((job) => [job, [attemptOf(job, 0)]]));
  const attemptsOf = (job: number) => jobs.get(job) ?? expect.unreachable();
  for (const job of jobs.keys()) {
    scriptJob(gateway.simulator, String(job), () => {
      const attempts = attemptsOf(job);
      const rows = attempts
        .at(-1)
        ?.map(({ ip, isFailed, exitCode }, index) =>
          hostRow(attempts.length * 100 + index, { ip, status: isFailed ? 11 : 9, exit_code: exitCode }),
        );
      return { steps: [stepRow({ execute_count: attempts.length - 1, step_ip_result_list: rows })] };
    });
  }
  return {
    attemptsOf,
    retry: (job: number) => attemptsOf(job).push(attemptOf(job, attemptsOf(job).length)),
    /** Changes the place of a host in the order by exit codes. */
    move: (job: number, place: number) => {
      const attempts = attemptsOf(job);
      const hosts = attempts.pop() ?? [];
      const moved = hosts.map((host, index) =>
        index === place ? { ...host, exitCode: host.exitCode + 2, hasMoved: true } : host,
      );
      attempts.push(moved);
    },
  };
}

/** Hosts as a cache returns them. */
interface CachedList {
  readonly ips: readonly string[];
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
}

interface Variables {
  readonly id: string;
  readonly first: number;
  readonly after?: string;
}

interface TestClient {
  /** Sends the query. Null if the result has no list. */
  readonly send: (query: Document, variables: Variables) => Promise<CachedList | null>;
  /** Null if the list is not complete. */
  readonly read: (query: Document, variables: Variables) => CachedList | null;
}

interface Connection {
  readonly nodes?: readonly { readonly ip: string }[];
  readonly edges?: readonly { readonly node: { readonly ip: string } }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

interface Data {
  readonly jobInstance?: { readonly step: { readonly hostResults: Connection | null } | null } | null;
}

function listIn(data: unknown): CachedList | null {
  const { jobInstance }: Data = data ?? {};
  const list = jobInstance?.step?.hostResults;
  const nodes = list?.nodes ?? list?.edges?.map(({ node }) => node);
  return list && nodes ? { ips: nodes.map(({ ip }) => ip), ...list.pageInfo } : null;
}

const headers = { "x-bkapi-authorization": AUTHORIZATION };

function createApollo(): TestClient {
  const client = new ApolloClient({
    link: new HttpLink({ uri: gateway.url, headers }),
    cache: new InMemoryCache({ possibleTypes, typePolicies: apolloTypePolicies }),
  });
  return {
    send: async (query, variables) => {
      const options = { fetchPolicy: "network-only", errorPolicy: "all" } as const;
      const { data } = await client.query({ query, variables, ...options });
      return listIn(data);
    },
    read: (query, variables) => listIn(client.cache.readQuery({ query, variables })),
  };
}

function createUrql(): TestClient {
  const client = new Client({
    url: gateway.url,
    fetchOptions: { headers },
    exchanges: [cacheExchange(graphcacheOptions), fetchExchange],
    preferGetMethod: false,
    requestPolicy: "network-only",
  });
  return {
    send: async (query, variables) => listIn((await client.query(query, variables).toPromise()).data),
    read: (query, variables) =>
      listIn(client.readQuery(query, variables, { requestPolicy: "cache-only" })?.data),
  };
}

interface Step {
  readonly action: "first" | "more" | "old cursor" | "page size" | "retry" | "move";
  readonly list: number;
  readonly document: number;
  readonly number: number;
}
const randomStep: fc.Arbitrary<Step> = fc.record({
  action: fc.oneof(
    { weight: 3, arbitrary: fc.constant("first" as const) },
    { weight: 6, arbitrary: fc.constant("more" as const) },
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        "old cursor" as const,
        "page size" as const,
        "retry" as const,
        "move" as const,
      ),
    },
  ),
  list: fc.nat(LISTS.length - 1),
  document: fc.nat(1),
  number: fc.nat(6),
});
const randomDocuments = fc.constantFrom<readonly [DocumentName, DocumentName]>(
  ["nodes", "nodes"],
  ["edges", "edges"],
  ["nodes", "edges"],
  ["nodes", "edges without cursors"],
  ["nodes", "nodes with more fields"],
);

/** Whether hosts are of one attempt, without gaps: from the first one on, and with the right end. */
function check({ of }: List, attempts: readonly Attempt[], { ips, hasNextPage }: CachedList, isWhole = true) {
  const all = of(attempts[attemptIn(ips)] ?? []);
  const allIps = all.map(({ ip }) => ip);
  expect(new Set(ips).size).toBe(ips.length);
  expect(allIps).toEqual(expect.arrayContaining([...ips]));
  // A host that has moved since the page was read can be missing, or in another place.
  if (all.some(({ hasMoved }) => hasMoved)) return;
  const start = isWhole ? 0 : allIps.indexOf(ips[0] ?? "");
  expect(ips).toEqual(allIps.slice(start, start + ips.length));
  expect(hasNextPage).toBe(start + ips.length < all.length);
}

const attemptIn = (ips: readonly string[]): number => Number(ips[0]?.split(".")[2] ?? 0);

/** A client with an empty cache, and the lists of an application. */
function createRun(client: TestClient, documents: readonly [DocumentName, DocumentName]) {
  const { attemptsOf, retry, move } = serveJobs();
  const lists = LISTS.map((list) => ({ ...list, first: 3, cursors: ["invalid"] }));
  type ShownList = (typeof lists)[number];
  const variablesOf = ({ job, variables, first }: ShownList) => ({ id: String(job), ...variables, first });
  const read = (list: ShownList, document: DocumentName) =>
    client.read(DOCUMENTS[document], variablesOf(list));
  const send = (list: ShownList, document: DocumentName, after?: string) =>
    client.send(DOCUMENTS[document], { ...variablesOf(list), ...(after !== undefined && { after }) });

  async function readFirst(list: ShownList, document: DocumentName) {
    const attempts = attemptsOf(list.job);
    const result = await send(list, document);
    expect(read(list, document)).toEqual(result);
    expect(attemptIn(result?.ips ?? [])).toBe(attempts.length - 1);
    const { length } = list.of(attempts.at(-1) ?? []);
    expect(result?.ips.length).toBeGreaterThanOrEqual(Math.min(list.first, length));
  }

  async function readMore(list: ShownList, document: DocumentName) {
    const known = read(list, document);
    if (!known?.endCursor || !known.hasNextPage) return;
    list.cursors.push(known.endCursor);
    const attempts = attemptsOf(list.job);
    const result = await send(list, document, known.endCursor);
    if (attemptIn(known.ips) < attempts.length - 1) {
      expect(read(list, document)).toEqual(known);
      return;
    }
    // Pages in urql's cache are not joined if other documents have selected more fields of one of them.
    const isWhole = !documents.includes("nodes with more fields") || result?.ips[0] === known.ips[0];
    check(list, attempts, result ?? expect.unreachable(), isWhole);
    const hasMoved = attempts.at(-1)?.some((host) => host.hasMoved);
    if (isWhole && !hasMoved) expect(result?.ips.length).toBeGreaterThan(known.ips.length);
  }

  async function readOld(list: ShownList, document: DocumentName, index: number) {
    const known = read(list, document);
    await send(list, document, list.cursors[index % list.cursors.length]);
    // The page can be one that was missing in the list.
    if (known) expect(read(list, document)?.ips[0]).toBe(known.ips[0]);
  }

  return async ({ action, list: index, document: documentIndex, number }: Step) => {
    const list = lists[index] ?? expect.unreachable();
    const document = documents[documentIndex] ?? expect.unreachable();
    if (action === "first") await readFirst(list, document);
    else if (action === "more") await readMore(list, document);
    else if (action === "old cursor") await readOld(list, document, number);
    else if (action === "page size") list.first = 1 + number;
    else if (action === "retry") retry(list.job);
    else move(list.job, number);
    for (const each of lists) {
      for (const name of documents) {
        const known = read(each, name);
        if (known) check(each, attemptsOf(each.job), known);
      }
    }
  };
}

it.each([
  ["Apollo Client", createApollo],
  ["urql", createUrql],
])(
  "lists in the cache of %s are of one job, attempt and filter, without gaps and duplicates",
  async (_, createClient) => {
    // Apollo Client reports lists that have to be read again.
    for (const method of ["error", "warn"] as const) {
      const spy = vi.spyOn(console, method).mockImplementation(() => {});
      onTestFinished(() => spy.mockRestore());
    }
    const randomSteps = fc.array(randomStep, { minLength: 4, maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(randomDocuments, randomSteps, async (documents, steps) => {
        const apply = createRun(createClient(), documents);
        for (const step of steps) await apply(step);
      }),
      { numRuns: 30 },
    );
  },
);
