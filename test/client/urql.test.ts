/** The configuration of urql's normalized cache, with the documents of the client. */
import { Client, fetchExchange, gql } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  FailedHostsDocument,
  graphcacheOptions,
  HostResultsDocument,
  type HostResultsQueryVariables,
  JobInstanceDocument,
} from "../../src/client/index.ts";
import { AUTHORIZATION } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { executeObjectRow, hostRow, type JobPayload, scriptJob, stepRow } from "../support/job-payload.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** A client with an empty cache. */
function createClient() {
  // As in development, in which Graphcache warns about objects without keys.
  vi.stubEnv("NODE_ENV", "development");
  const logger = vi.fn();
  onTestFinished(() => {
    // Warnings tell of objects without keys.
    const warnings = logger.mock.calls.filter(([severity]) => severity !== "debug").map(([, text]) => text);
    // Without a schema, Graphcache looks for the fields of all fragments in a result (warning 13).
    expect(warnings.filter((text) => !/#13$/.test(text))).toEqual([]);
    vi.unstubAllEnvs();
  });
  return new Client({
    url: gateway.url,
    fetchOptions: { headers: { "x-bkapi-authorization": AUTHORIZATION } },
    exchanges: [cacheExchange({ ...graphcacheOptions, logger }), fetchExchange],
    preferGetMethod: false,
  });
}

const FAILED = { ref: { scopeId: "1", jobInstanceId: "20000000002" }, stepInstanceId: "20000010021" };
const FAILED_HOSTS: HostResultsQueryVariables = { ...FAILED, filter: { phases: ["FAILED"] }, first: 4 };

/** Sends the query, and returns the list in the cache. */
async function read(client: Client, variables: HostResultsQueryVariables) {
  const { error } = await client
    .query(HostResultsDocument, variables, { requestPolicy: "network-only" })
    .toPromise();
  if (error) throw error;
  return cachedHosts(client, variables);
}

/** The list of hosts in the cache. Null if it is not complete. */
function cachedHosts(client: Client, variables: HostResultsQueryVariables) {
  const job = client.readQuery(HostResultsDocument, variables)?.data?.jobInstance;
  return job?.__typename === "JobInstance" ? (job.step?.hostResults ?? null) : null;
}

const ipsOf = (client: Client, variables: HostResultsQueryVariables) =>
  cachedHosts(client, variables)?.nodes.map(({ ip }) => ip);

/** Reads pages until the list is complete. */
async function readAll(client: Client, variables: HostResultsQueryVariables): Promise<number> {
  let after: string | null | undefined;
  for (let pages = 1; pages < 10; pages += 1) {
    const list = await read(client, { ...variables, after });
    if (!list?.pageInfo.hasNextPage) return pages;
    after = list.pageInfo.endCursor;
  }
  throw new Error("Expected fewer pages.");
}

describe("pages of hosts", () => {
  it("are joined", async () => {
    const client = createClient();
    expect(await readAll(client, FAILED_HOSTS)).toBe(3);
    expect(new Set(ipsOf(client, FAILED_HOSTS)).size).toBe(9);
    expect(cachedHosts(client, FAILED_HOSTS)).toMatchObject({
      totalCount: 9,
      pageInfo: { hasNextPage: false },
    });
  });

  it("are kept while the job is polled", async () => {
    const client = createClient();
    await readAll(client, FAILED_HOSTS);
    await client
      .query(JobInstanceDocument, { ref: FAILED.ref }, { requestPolicy: "network-only" })
      .toPromise();
    expect(ipsOf(client, FAILED_HOSTS)).toHaveLength(9);
  });

  it("are separate for each filter and order", async () => {
    const client = createClient();
    const others: HostResultsQueryVariables = { ...FAILED, filter: { phases: ["SUCCEEDED"] }, first: 2 };
    const reversed: HostResultsQueryVariables = {
      ...FAILED_HOSTS,
      orderBy: { field: "IP", direction: "DESC" },
    };
    for (const variables of [FAILED_HOSTS, reversed]) await read(client, variables);
    await readAll(client, others);
    expect(ipsOf(client, others)).toHaveLength(3);
    expect(ipsOf(client, FAILED_HOSTS)).toHaveLength(4);
    await readAll(client, reversed);
    await readAll(client, FAILED_HOSTS);
    expect(ipsOf(client, reversed)).not.toEqual(ipsOf(client, FAILED_HOSTS));
    expect(ipsOf(client, reversed)?.toSorted()).toEqual(ipsOf(client, FAILED_HOSTS)?.toSorted());
  });

  it("are separate for two filters whose pages end with the same host", async () => {
    const client = createClient();
    const rows = [11, 11, 9, 9].map((status, index) => hostRow(index + 1, { status }));
    const JOB = "30000000005";
    scriptJob(gateway.simulator, JOB, { steps: [stepRow({ step_ip_result_list: rows })] });
    const all = { ref: { scopeId: "1", jobInstanceId: JOB }, stepInstanceId: "1", first: 2 };
    const failed: HostResultsQueryVariables = { ...all, filter: { phases: ["FAILED"] } };
    await read(client, failed);
    await readAll(client, all);
    expect(ipsOf(client, all)).toHaveLength(4);
    expect(ipsOf(client, failed)).toHaveLength(2);
  });

  it("continue the first ones of FailedHostsDocument", async () => {
    const client = createClient();
    const variables = { ref: FAILED.ref, first: 4 };
    const { data } = await client.query(FailedHostsDocument, variables).toPromise();
    const steps = data?.jobInstance?.__typename === "JobInstance" ? data.jobInstance.steps : [];
    const after = steps[0]?.hostResults.pageInfo.endCursor;
    expect((await read(client, { ...FAILED_HOSTS, after }))?.nodes).toHaveLength(8);
    expect(client.readQuery(FailedHostsDocument, variables)?.data).toMatchObject({
      jobInstance: { steps: [{ hostResults: { nodes: { length: 8 } } }, {}] },
    });
  });

  it("have edges with cursors if a document selects them, and no gaps if another selects nodes", async () => {
    const client = createClient();
    const query = gql`
      query Edges($after: String) {
        jobInstance(ref: { scopeId: "1", jobInstanceId: "20000000002" }) {
          ... on JobInstance {
            id
            step(stepInstanceId: "20000010021") {
              id
              hostResults(first: 4, after: $after) {
                edges { cursor node { id ip } }
                pageInfo { startCursor hasPreviousPage endCursor hasNextPage }
              }
            }
          }
        }
      }
    `;
    const edgesAfter = async (after?: string) => {
      const { data } = await client.query(query, { after }).toPromise();
      return data.jobInstance.step.hostResults;
    };
    const first = await edgesAfter();
    const { startCursor, endCursor } = first.pageInfo;
    await read(client, { ...FAILED, first: 4, after: endCursor });
    // The edges of the second page are not known.
    expect(await edgesAfter()).toEqual(first);
    await edgesAfter(endCursor);
    const { edges, pageInfo } = await edgesAfter();
    expect(edges).toHaveLength(8);
    expect(pageInfo).toMatchObject({ startCursor, hasPreviousPage: false, hasNextPage: true });
    expect(pageInfo.endCursor).toBe(edges.at(-1).cursor);
  });
});

describe("pages of hosts of two documents", () => {
  const JOB = "30000000006";
  const document = (items: string) => gql`
    query Hosts($after: String) {
      jobInstance(ref: { scopeId: "1", jobInstanceId: "${JOB}" }) {
        ... on JobInstance {
          id
          step(stepInstanceId: "1") {
            id
            hostResults(first: 2, after: $after) { ${items} pageInfo { hasNextPage endCursor } }
          }
        }
      }
    }
  `;
  const serve = (...rows: readonly object[]) =>
    scriptJob(gateway.simulator, JOB, { steps: [stepRow({ step_ip_result_list: rows })] });
  const listOf = async (client: Client, query: ReturnType<typeof document>, after?: string) => {
    const { data } = await client.query(query, { after }).toPromise();
    return data?.jobInstance.step.hostResults;
  };

  it.each([
    ["more fields", "nodes { id ip status }"],
    ["edges", "edges { node { id ip } }"],
  ])("are joined only if all of them have what a document selects: %s", async (_, items) => {
    const client = createClient();
    serve(hostRow(1), hostRow(2), hostRow(3), hostRow(4));
    const nodes = document("nodes { id ip }");
    const first = await listOf(client, nodes);
    const after = first.pageInfo.endCursor;
    expect((await listOf(client, nodes, after)).nodes).toHaveLength(4);

    const other = document(items);
    const own = await listOf(client, other);
    expect(own.nodes ?? own.edges).toHaveLength(2);
    expect(own.pageInfo).toMatchObject({ hasNextPage: true, endCursor: after });
    // The document without these fields still has all hosts.
    expect((await listOf(client, nodes, after)).nodes).toHaveLength(4);

    await client.query(other, { after }, { requestPolicy: "network-only" }).toPromise();
    const joined = await listOf(client, other);
    expect(joined.nodes ?? joined.edges).toHaveLength(4);
    expect(joined.pageInfo.hasNextPage).toBe(false);
  });

  it("are joined only if all of them have the fields of containers", async () => {
    const client = createClient();
    const container = (id: number) =>
      executeObjectRow({ type: 2, container: { id, container_id: `c${id}`, name: `name-${id}` } });
    scriptJob(gateway.simulator, JOB, {
      steps: [stepRow({ step_execute_object_result_list: [1, 2, 3, 4].map(container) })],
    });
    const names = document("nodes { id container { name } }");
    const { pageInfo } = await listOf(client, names);
    expect((await listOf(client, names, pageInfo.endCursor)).nodes).toHaveLength(4);
    const { nodes } = await listOf(client, document("nodes { id container { name containerId } }"));
    expect(nodes).toMatchObject([{ container: { containerId: "c1" } }, { container: { containerId: "c2" } }]);
  });

  it.each(["nodes { id exitCode }", "edges { cursor node { id exitCode } }"])(
    "do not repeat a host that has moved: %s",
    async (items) => {
      const client = createClient();
      const query = gql`
      query Ordered($after: String) {
        jobInstance(ref: { scopeId: "1", jobInstanceId: "${JOB}" }) {
          ... on JobInstance {
            id
            step(stepInstanceId: "1") {
              id
              hostResults(orderBy: { field: EXIT_CODE }, first: 2, after: $after) {
                ${items}
                pageInfo { hasNextPage endCursor }
              }
            }
          }
        }
      }
    `;
      serve(hostRow(1, { exit_code: 1 }), hostRow(2, { exit_code: 2 }), hostRow(3, { exit_code: 3 }));
      const { pageInfo } = await listOf(client, query);
      serve(hostRow(1, { exit_code: 4 }), hostRow(2, { exit_code: 2 }), hostRow(3, { exit_code: 3 }));
      const { nodes, edges } = await listOf(client, query, pageInfo.endCursor);
      expect(nodes ?? edges).toHaveLength(3);
    },
  );
});

it("shows the pages of hosts with the error if the next one cannot be read", async () => {
  const client = createClient();
  await readAll(client, FAILED_HOSTS);
  const { data, error } = await client
    .query(HostResultsDocument, { ...FAILED_HOSTS, after: "invalid" })
    .toPromise();
  expect(error?.message).toContain("`after`");
  expect(data?.jobInstance).toMatchObject({ step: { hostResults: { nodes: { length: 9 } } } });
  expect(ipsOf(client, FAILED_HOSTS)).toHaveLength(9);
});

it("does not show hosts of another group that had the same index before", async () => {
  const client = createClient();
  const JOB = "30000000007";
  const groups = (fields: string, parameters = "") => gql`
    query Groups${parameters} {
      jobInstance(ref: { scopeId: "1", jobInstanceId: "${JOB}" }) {
        ... on JobInstance {
          id
          step(stepInstanceId: "1") { id hostGroups(by: [EXIT_CODE]) { exitCode ${fields} } }
        }
      }
    }
  `;
  const hosts = groups(
    "hostResults(first: 2, after: $after) { nodes { id exitCode } pageInfo { hasNextPage endCursor } }",
    "($after: String)",
  );
  const serve = (exitCodes: readonly number[]) =>
    scriptJob(gateway.simulator, JOB, {
      steps: [
        stepRow({
          step_ip_result_list: exitCodes.map((exit_code, index) => hostRow(index + 1, { exit_code })),
        }),
      ],
    });
  const shown = async (after?: string) => {
    const { data } = await client.query(hosts, { after }).toPromise();
    return data.jobInstance.step.hostGroups.map(
      ({ exitCode, hostResults: { nodes } }: { exitCode: number; hostResults: { nodes: Host[] } }) => [
        exitCode,
        ...nodes.map((host) => host.exitCode),
      ],
    );
  };
  interface Host {
    readonly exitCode: number;
  }
  serve([1, 2, 1, 2, 1, 2]);
  expect(await shown()).toEqual([
    [1, 1, 1],
    [2, 2, 2],
  ]);
  serve([1, 0, 1, 0, 1, 0]);
  await client.query(groups("count"), {}, { requestPolicy: "network-only" }).toPromise();
  expect(await shown()).toEqual([
    [0, 0, 0],
    [1, 1, 1],
  ]);
});

describe("a retried step", () => {
  const JOB = "30000000002";
  const variables = { ref: { scopeId: "1", jobInstanceId: JOB }, stepInstanceId: "1", first: 2 };
  const attempt = (execute_count: number, ids: readonly number[]): JobPayload => ({
    steps: [stepRow({ execute_count, step_ip_result_list: ids.map((id) => hostRow(id)) })],
  });

  it("begins with its first page, and leaves out pages of the attempt before", async () => {
    const client = createClient();
    scriptJob(gateway.simulator, JOB, attempt(0, [1, 2, 3, 4]));
    await readAll(client, variables);
    expect(ipsOf(client, variables)).toHaveLength(4);
    scriptJob(gateway.simulator, JOB, attempt(1, [4, 5, 6]));
    expect((await read(client, variables))?.nodes).toHaveLength(2);
    await readAll(client, variables);
    expect(ipsOf(client, variables)).toEqual(["10.0.0.4", "10.0.0.5", "10.0.0.6"]);
  });
});

it("matches fragments on the interface, and does not confuse objects that have the same id", async () => {
  const client = createClient();
  const ask = async (scopeType: "BIZ" | "BIZ_SET", scopeId: string, jobInstanceId: string) => {
    const variables = { ref: { scopeType, scopeId, jobInstanceId } };
    await client.query(JobInstanceDocument, variables).toPromise();
    return () => client.readQuery(JobInstanceDocument, variables)?.data?.jobInstance;
  };
  const first = await ask("BIZ", "1", "20000000001");
  const denied = await ask("BIZ", "1", "20000000403");
  const missing = await ask("BIZ", "1", "20000000404");
  await ask("BIZ_SET", "9991001", "20000000015");
  expect(first()).toMatchObject({ scope: { type: "BIZ", id: "1" } });
  expect(denied()).toMatchObject({ __typename: "PermissionDenied", application: { systemId: "bk_job" } });
  expect(missing()).toMatchObject({ __typename: "JobInstanceNotFound", message: expect.any(String) });
});
