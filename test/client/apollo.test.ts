/** The configuration of Apollo Client's cache, with the documents of the client. */
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  apolloTypePolicies,
  FailedHostsDocument,
  HostResultsDocument,
  type HostResultsQueryVariables,
  JobInstanceDocument,
  possibleTypes,
} from "../../src/client/index.ts";
import { AUTHORIZATION } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { hostRow, type JobPayload, scriptJob, stepRow } from "../support/job-payload.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const warn = vi.spyOn(console, "warn");
afterEach(() => {
  // Apollo Client warns about objects that the policies do not mention.
  expect(warn.mock.calls.filter((call) => call.some((part) => /may be lost/.test(String(part))))).toEqual([]);
});

/** A client with an empty cache. Each query is sent, and its result is written to the cache. */
const createClient = () =>
  new ApolloClient({
    link: new HttpLink({ uri: gateway.url, headers: { "x-bkapi-authorization": AUTHORIZATION } }),
    cache: new InMemoryCache({ possibleTypes, typePolicies: apolloTypePolicies }),
    defaultOptions: { query: { fetchPolicy: "network-only" } },
  });

const FAILED = { ref: { scopeId: "1", jobInstanceId: "20000000002" }, stepInstanceId: "20000010021" };
const FAILED_HOSTS: HostResultsQueryVariables = { ...FAILED, filter: { phases: ["FAILED"] }, first: 4 };

type Client = ReturnType<typeof createClient>;

/** The list of hosts in the cache. Null if it is not complete. */
function cachedHosts({ cache }: Client, variables: HostResultsQueryVariables) {
  const job = cache.readQuery({ query: HostResultsDocument, variables })?.jobInstance;
  return job?.__typename === "JobInstance" ? (job.step?.hostResults ?? null) : null;
}

const idsOf = (client: Client, variables: HostResultsQueryVariables) =>
  cachedHosts(client, variables)?.nodes.map(({ id }) => id);

/** Reads pages until the list in the cache is complete. */
async function readAll(client: Client, variables: HostResultsQueryVariables): Promise<number> {
  let after: string | null | undefined;
  for (let pages = 1; pages < 10; pages += 1) {
    await client.query({ query: HostResultsDocument, variables: { ...variables, after } });
    const { pageInfo } = cachedHosts(client, variables) ?? {};
    if (!pageInfo?.hasNextPage) return pages;
    after = pageInfo.endCursor;
  }
  throw new Error("Expected fewer pages.");
}

/** As of a document that a user has written for Relay's connections. */
const EDGES = gql`
  query Edges($first: Int, $after: String) {
    jobInstance(ref: { scopeId: "1", jobInstanceId: "20000000002" }) {
      ... on JobInstance {
        id
        step(stepInstanceId: "20000010021") {
          id
          hostResults(first: $first, after: $after) {
            edges { cursor node { id ip } }
            pageInfo { startCursor hasPreviousPage endCursor hasNextPage }
          }
        }
      }
    }
  }
`;

interface Edges {
  readonly jobInstance: {
    readonly step: {
      readonly hostResults: {
        readonly edges: readonly {
          readonly cursor: string;
          readonly node: { readonly id: string; readonly ip: string };
        }[];
        readonly pageInfo: { readonly startCursor: string; readonly endCursor: string };
      };
    };
  };
}

describe("pages of hosts", () => {
  it("are appended", async () => {
    const client = createClient();
    expect(await readAll(client, FAILED_HOSTS)).toBe(3);
    expect(new Set(idsOf(client, FAILED_HOSTS)).size).toBe(9);
    expect(cachedHosts(client, FAILED_HOSTS)).toMatchObject({
      totalCount: 9,
      pageInfo: { hasNextPage: false },
    });
  });

  it("are kept while the job is polled", async () => {
    const client = createClient();
    await readAll(client, FAILED_HOSTS);
    await client.query({ query: JobInstanceDocument, variables: { ref: FAILED.ref } });
    expect(idsOf(client, FAILED_HOSTS)).toHaveLength(9);
  });

  it("are separate for each filter and order", async () => {
    const client = createClient();
    const others: HostResultsQueryVariables = { ...FAILED, filter: { phases: ["SUCCEEDED"] }, first: 2 };
    const reversed: HostResultsQueryVariables = {
      ...FAILED_HOSTS,
      orderBy: { field: "IP", direction: "DESC" },
    };
    for (const variables of [FAILED_HOSTS, others, reversed]) {
      await client.query({ query: HostResultsDocument, variables });
    }
    await readAll(client, others);
    expect(idsOf(client, others)).toHaveLength(3);
    expect(idsOf(client, FAILED_HOSTS)).toHaveLength(4);
    await readAll(client, reversed);
    await readAll(client, FAILED_HOSTS);
    expect(idsOf(client, reversed)).not.toEqual(idsOf(client, FAILED_HOSTS));
    expect(idsOf(client, reversed)?.toSorted()).toEqual(idsOf(client, FAILED_HOSTS)?.toSorted());
  });

  it("continue the first ones of FailedHostsDocument", async () => {
    const client = createClient();
    const variables = { ref: FAILED.ref, first: 4 };
    const { data } = await client.query({ query: FailedHostsDocument, variables });
    const steps = data?.jobInstance?.__typename === "JobInstance" ? data.jobInstance.steps : [];
    const after = steps[0]?.hostResults.pageInfo.endCursor;
    await client.query({ query: HostResultsDocument, variables: { ...FAILED_HOSTS, after } });
    expect(idsOf(client, FAILED_HOSTS)).toHaveLength(8);
    expect(client.cache.readQuery({ query: FailedHostsDocument, variables })).toMatchObject({
      jobInstance: { steps: [{ hostResults: { nodes: { length: 8 } } }, {}] },
    });
  });

  it("are not duplicated if one is read twice", async () => {
    const client = createClient();
    await client.query({ query: HostResultsDocument, variables: FAILED_HOSTS });
    const after = cachedHosts(client, FAILED_HOSTS)?.pageInfo.endCursor;
    for (let reads = 0; reads < 2; reads += 1) {
      await client.query({ query: HostResultsDocument, variables: { ...FAILED_HOSTS, after } });
    }
    expect(idsOf(client, FAILED_HOSTS)).toHaveLength(8);
  });

  it("have edges with cursors if a document selects them", async () => {
    const client = createClient();
    const list = () => client.cache.readQuery<Edges>({ query: EDGES })?.jobInstance.step.hostResults;
    await client.query({ query: EDGES, variables: { first: 5 } });
    const { startCursor, endCursor: after } = list()?.pageInfo ?? {};
    await client.query({ query: EDGES, variables: { first: 5, after } });
    expect(list()?.edges).toHaveLength(10);
    expect(list()?.pageInfo).toMatchObject({ startCursor, hasPreviousPage: false, hasNextPage: true });
    expect(list()?.pageInfo.endCursor).toBe(list()?.edges.at(-1)?.cursor);
  });

  it("have no gaps if documents with edges and with nodes read different pages", async () => {
    // Apollo Client reports the list that has to be read again.
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => error.mockRestore());
    const client = createClient();
    const edges = async (variables: {
      readonly first: number;
      readonly after?: string | null | undefined;
    }) => {
      await client.query({ query: EDGES, variables });
      return client.cache.readQuery<Edges>({ query: EDGES, variables })?.jobInstance.step.hostResults;
    };
    const nodes = async (first: number, after?: string | null) => {
      const variables = { ...FAILED, first, after };
      await client.query({ query: HostResultsDocument, variables });
      return cachedHosts(client, variables);
    };
    const all = (await edges({ first: 12 }))?.edges.map(({ node }) => node.id);
    expect(all).toHaveLength(12);
    const first = await nodes(3);
    // The list of the other document begins with the same hosts, and has as many.
    const { edges: same, pageInfo } =
      client.cache.readQuery<Edges>({ query: EDGES })?.jobInstance.step.hostResults ?? {};
    expect(same?.map(({ node }) => node.id)).toEqual(all?.slice(0, 3));
    expect(pageInfo?.endCursor).toBe(same?.at(-1)?.cursor);
    const second = await nodes(3, first?.pageInfo.endCursor);
    expect(second?.nodes.map(({ id }) => id)).toEqual(all?.slice(0, 6));
    const longer = await edges({ first: 8 });
    // The next page after the longer list does not follow the nodes: they are read again.
    expect(await nodes(3, longer?.pageInfo.endCursor)).toBeNull();
    expect((await nodes(3))?.nodes).toHaveLength(3);
  });
});

describe("pages of hosts of two documents", () => {
  const JOB = "30000000006";
  const variables = { ref: { scopeId: "1", jobInstanceId: JOB }, stepInstanceId: "1", first: 3 };
  const document = (items: string) => gql`
    query Hosts($after: String, $first: Int = 3) {
      jobInstance(ref: { scopeId: "1", jobInstanceId: "${JOB}" }) {
        ... on JobInstance {
          id
          step(stepInstanceId: "1") {
            id
            hostResults(first: $first, after: $after) { ${items} pageInfo { hasNextPage endCursor } }
          }
        }
      }
    }
  `;
  const serve = (execute_count: number, ids: readonly number[]) =>
    scriptJob(gateway.simulator, JOB, {
      steps: [stepRow({ execute_count, step_ip_result_list: ids.map((id) => hostRow(id)) })],
    });
  const ips = (client: Client, query: ReturnType<typeof document>) =>
    client.cache
      .readQuery<Edges>({ query })
      ?.jobInstance.step.hostResults.edges.map(({ node }) => node.ip.replace("10.0.0.", ""))
      .join(" ");

  it.each([
    ["edges { node { id ip } }", 0],
    ["edges { cursor node { id ip } }", 1],
  ])("have no duplicates: %s, %i retries", async (items, retries) => {
    const client = createClient();
    const query = document(items);
    const more = async () => {
      const after = client.cache.readQuery<Edges>({ query })?.jobInstance.step.hostResults.pageInfo.endCursor;
      await client.query({ query, variables: { after } });
    };
    serve(0, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await client.query({ query });
    await more();
    expect(ips(client, query)).toBe("1 2 3 4 5 6");
    const all = retries > 0 ? [11, 12, 13, 14, 15, 16, 17] : [1, 2, 3, 4, 5, 6, 7];
    serve(retries, all);
    await client.query({ query: HostResultsDocument, variables });
    if (retries > 0) {
      // The edges are of the attempt before.
      expect(ips(client, query)).toBeUndefined();
      await client.query({ query });
    }
    await more();
    expect(ips(client, query)).toBe(all.slice(0, 6).join(" "));
  });

  it("do not begin with a later page", async () => {
    const client = createClient();
    serve(0, [1, 2, 3, 4, 5]);
    const query = document("edges { node { id ip } }");
    const { data } = await createClient().query<Edges>({ query });
    const after = data?.jobInstance.step.hostResults.pageInfo.endCursor;
    const read = async (after?: string) => {
      await client.query({ query, variables: { after }, fetchPolicy: "cache-first" });
      return client.cache
        .readQuery<Edges>({ query, variables: { after } })
        ?.jobInstance.step.hostResults.edges.map(({ node }) => node.ip);
    };
    expect(await read(after)).toEqual(["10.0.0.4", "10.0.0.5"]);
    expect(await read(after)).toEqual(["10.0.0.4", "10.0.0.5"]);
    expect(await read()).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  });

  it("are kept by a document that counts hosts only", async () => {
    const client = createClient();
    serve(0, [1, 2, 3, 4, 5]);
    await readAll(client, variables);
    serve(0, [1, 2, 3, 4, 5, 6]);
    await client.query({ query: document("totalCount"), variables: { first: 1 } });
    expect(cachedHosts(client, variables)).toMatchObject({
      totalCount: 6,
      nodes: { length: 5 },
      pageInfo: { hasNextPage: false },
    });
  });

  it("do not repeat a host that has moved", async () => {
    const client = createClient();
    serve(0, [1, 2, 4, 5]);
    await client.query({ query: HostResultsDocument, variables });
    const { endCursor: after = null } = cachedHosts(client, variables)?.pageInfo ?? {};
    const page = await client.query({
      query: HostResultsDocument,
      variables: { ...variables, after },
      fetchPolicy: "no-cache",
    });
    const job = page.data?.jobInstance;
    const step = job?.__typename === "JobInstance" ? job.step : null;
    const [first] = cachedHosts(client, variables)?.nodes ?? [];
    if (job?.__typename !== "JobInstance" || !step || !first) return expect.unreachable();
    const nodes = [first, ...step.hostResults.nodes];
    client.cache.writeQuery({
      query: HostResultsDocument,
      variables: { ...variables, after },
      data: { jobInstance: { ...job, step: { ...step, hostResults: { ...step.hostResults, nodes } } } },
    });
    expect(cachedHosts(client, variables)?.nodes.map(({ ip }) => ip)).toEqual([
      "10.0.0.1",
      "10.0.0.2",
      "10.0.0.4",
      "10.0.0.5",
    ]);
  });
});

it("keeps the pages of hosts if the next one cannot be read", async () => {
  const client = createClient();
  await readAll(client, FAILED_HOSTS);
  const { data, error } = await client.query({
    query: HostResultsDocument,
    variables: { ...FAILED_HOSTS, after: "invalid" },
    errorPolicy: "all",
  });
  expect(error?.message).toContain("`after`");
  expect(data?.jobInstance).toMatchObject({ __typename: "JobInstance" });
  expect(idsOf(client, FAILED_HOSTS)).toHaveLength(9);
});

describe("groups of hosts", () => {
  const JOB = "30000000007";
  const query = gql`
    query Groups($after: String) {
      jobInstance(ref: { scopeId: "1", jobInstanceId: "${JOB}" }) {
        ... on JobInstance {
          id
          step(stepInstanceId: "1") {
            id
            hostGroups(by: [EXIT_CODE]) {
              exitCode
              hostResults(first: 2, after: $after) { nodes { id ip } pageInfo { hasNextPage endCursor } }
            }
          }
        }
      }
    }
  `;
  const serve = (exitCodes: readonly number[]) =>
    scriptJob(gateway.simulator, JOB, {
      steps: [
        stepRow({
          step_ip_result_list: exitCodes.map((exit_code, index) => hostRow(index + 1, { exit_code })),
        }),
      ],
    });
  interface Groups {
    readonly jobInstance: {
      readonly step: {
        readonly hostGroups: readonly {
          readonly exitCode: number;
          readonly hostResults: {
            readonly nodes: readonly { readonly ip: string }[];
            readonly pageInfo: { readonly endCursor: string };
          };
        }[];
      };
    };
  }
  const groupsIn = (client: Client) =>
    client.cache.readQuery<Groups>({ query })?.jobInstance.step.hostGroups ?? [];
  const shown = (client: Client) =>
    groupsIn(client).map(({ exitCode, hostResults: { nodes } }) => [
      exitCode,
      ...nodes.map(({ ip }) => Number(ip.split(".")[3])),
    ]);

  it("have their own pages", async () => {
    const client = createClient();
    serve([1, 2, 1, 2, 1, 2]);
    await client.query({ query });
    const after = groupsIn(client)[1]?.hostResults.pageInfo.endCursor;
    await client.query({ query, variables: { after } });
    expect(shown(client)).toEqual([
      [1, 1, 3],
      [2, 2, 4, 6],
    ]);
  });

  it("keep their pages if their index changes", async () => {
    const client = createClient();
    serve([1, 2, 1, 2, 1, 2]);
    await client.query({ query });
    const after = groupsIn(client)[1]?.hostResults.pageInfo.endCursor;
    serve([3, 2, 3, 2, 3, 2]);
    await client.query({ query, variables: { after } });
    // Group 3 has no first page.
    expect(shown(client)).toEqual([]);
    await client.query({ query });
    expect(shown(client)).toEqual([
      [2, 2, 4],
      [3, 1, 3],
    ]);
  });
});

describe("a retried step", () => {
  const JOB = "30000000002";
  const variables = { ref: { scopeId: "1", jobInstanceId: JOB }, stepInstanceId: "1", first: 2 };
  const attempt = (execute_count: number, ids: readonly number[]): JobPayload => ({
    steps: [stepRow({ execute_count, step_ip_result_list: ids.map((id) => hostRow(id)) })],
  });

  it("begins with its first page, and ignores pages of the attempt before", async () => {
    const client = createClient();
    scriptJob(gateway.simulator, JOB, attempt(0, [1, 2, 3, 4]));
    await client.query({ query: HostResultsDocument, variables });
    const first = cachedHosts(client, variables)?.pageInfo.endCursor;
    const { data: late } = await client.query({
      query: HostResultsDocument,
      variables: { ...variables, after: first },
    });
    expect(idsOf(client, variables)).toHaveLength(4);

    scriptJob(gateway.simulator, JOB, attempt(1, [4, 5, 6]));
    await client.query({ query: HostResultsDocument, variables });
    expect(idsOf(client, variables)).toHaveLength(2);
    client.cache.writeQuery({
      query: HostResultsDocument,
      variables: { ...variables, after: first },
      data: late ?? null,
    });
    expect(idsOf(client, variables)).toHaveLength(2);
    await readAll(client, variables);
    expect(cachedHosts(client, variables)?.nodes.map(({ ip }) => ip)).toEqual([
      "10.0.0.4",
      "10.0.0.5",
      "10.0.0.6",
    ]);
  });
});

it("removes items from lists that have become shorter", async () => {
  const client = createClient();
  const JOB = "30000000004";
  const query = gql`query Lists($refs: [JobInstanceRef!]!) {
    jobInstances(refs: $refs) {
      ... on JobInstance {
        id
        steps(filter: { phases: [FAILED] }) { id }
        allSteps: steps { id hostGroups { count } }
      }
    }
  }`;
  const read = async () => {
    const variables = { refs: [{ scopeId: "1", jobInstanceId: JOB }] };
    await client.query({ query, variables });
    return client.cache.readQuery<{ readonly jobInstances: readonly unknown[] }>({ query, variables })
      ?.jobInstances;
  };
  const rows = [hostRow(1, { status: 11 }), hostRow(2)];
  scriptJob(gateway.simulator, JOB, { steps: [stepRow({ status: 4, step_ip_result_list: rows })] });
  expect(await read()).toMatchObject([{ steps: [{}], allSteps: [{ hostGroups: [{}, {}] }] }]);
  scriptJob(gateway.simulator, JOB, { steps: [stepRow({ step_ip_result_list: rows.slice(1) })] });
  expect(await read()).toMatchObject([{ steps: [], allSteps: [{ hostGroups: [{}] }] }]);
});

describe("objects without an id of their own", () => {
  /** The result of a query on the failed job, from the cache only. */
  const fieldsOf = (fields: string) => gql`query {
    jobInstance(ref: { scopeId: "1", jobInstanceId: "20000000002" }) { ... on JobInstance { id ${fields} } }
  }`;

  it.each([
    ["counts of hosts", "hostSummary { total }", "hostSummary { failed byStatus { status count } }"],
    ["counts of steps", "stepSummary { total }", "stepSummary { failed }"],
    ["the scope", "scope { id }", "scope { type }"],
    [
      "groups of hosts",
      "steps { id hostGroups { status tag count } }",
      "steps { id hostGroups { status tag hostResults(first: 1) { nodes { id } } } }",
    ],
  ])("have the fields of all documents: %s", async (_, first, second) => {
    const client = createClient();
    const results: unknown[] = [];
    for (const fields of [first, second]) {
      const { data } = await client.query({ query: fieldsOf(fields) });
      results.push(data);
    }
    const cached = [first, second].map((fields) => client.cache.readQuery({ query: fieldsOf(fields) }));
    expect(cached).toEqual(results);
  });

  it("are not confused if they have the same id", async () => {
    const client = createClient();
    const scopeOf = async (ref: {
      readonly scopeType: "BIZ" | "BIZ_SET";
      readonly jobInstanceId: string;
    }) => {
      const variables = { ref: { scopeId: ref.scopeType === "BIZ" ? "1" : "9991001", ...ref } };
      await client.query({ query: JobInstanceDocument, variables });
      return () => client.cache.readQuery({ query: JobInstanceDocument, variables })?.jobInstance;
    };
    const first = await scopeOf({ scopeType: "BIZ", jobInstanceId: "20000000001" });
    const denied = await scopeOf({ scopeType: "BIZ", jobInstanceId: "20000000403" });
    await scopeOf({ scopeType: "BIZ_SET", jobInstanceId: "20000000015" });
    expect(first()).toMatchObject({ scope: { type: "BIZ", id: "1" } });
    expect(denied()).toMatchObject({ __typename: "PermissionDenied", application: { systemId: "bk_job" } });
    const cache = client.cache.extract();
    const entities = Object.keys(typeof cache === "object" ? (cache ?? {}) : {}).map(
      (key) => key.split(":", 1)[0],
    );
    expect(new Set(entities)).toEqual(new Set(["ROOT_QUERY", "JobInstance", "StepInstance"]));
  });

  it("replace each other if the outcome changes", async () => {
    const client = createClient();
    const JOB = "30000000003";
    const variables = { ref: { scopeId: "1", jobInstanceId: JOB } };
    const read = async () => {
      await client.query({ query: JobInstanceDocument, variables });
      return client.cache.readQuery({ query: JobInstanceDocument, variables })?.jobInstance?.__typename;
    };
    gateway.simulator.script(JOB, () => ({
      kind: "json",
      status: 403,
      body: { error: { code: "NO_PERMISSION", message: "权限不足" } },
    }));
    expect(await read()).toBe("PermissionDenied");
    scriptJob(gateway.simulator, JOB, { steps: [stepRow()] });
    expect(await read()).toBe("JobInstance");
  });
});
