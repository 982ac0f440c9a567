/** Host results of typical jobs and of edge cases. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJob } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { hostRow, scriptJob, stepRow } from "../support/job-payload.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** Queries a selection on every step of a job. */
const ask = (jobInstanceId: string, selection: string) =>
  readJob(gateway, jobInstanceId, `steps { ${selection} }`);

const FAILED = "20000000002";
const CONTAINERS = "20000000005";
const EDGE_CASE_HOSTS = "20000000009";
const EXPLICIT_NULLS = "20000000016";

describe("hostResults", () => {
  it("are the same as edges and as nodes", async () => {
    const { steps } = await ask(FAILED, "hostResults { nodes { id ip } edges { cursor node { id ip } } }");

    const { nodes, edges } = steps[0].hostResults;
    expect(nodes).toHaveLength(12);
    expect(edges.map(({ node }: { node: object }) => node)).toEqual(nodes);
    expect(new Set(edges.map(({ cursor }: { cursor: string }) => cursor)).size).toBe(12);
  });

  it("of a step that was not reached are an empty page", async () => {
    const { steps } = await ask(
      FAILED,
      "hostResults { totalCount nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }",
    );

    expect(steps[1].hostResults).toEqual({
      totalCount: 0,
      nodes: [],
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
  });

  it("on containers have a container and no host", async () => {
    const { steps } = await ask(
      CONTAINERS,
      `hostResults(filter: { exitCodes: [137] }) {
        nodes { hostId ip container { id containerId name nodeHostId } statusCode tag exitCode }
      }`,
    );

    expect(steps[0].hostResults.nodes).toEqual([
      {
        hostId: null,
        ip: null,
        container: {
          id: "503",
          containerId: expect.stringMatching(/^docker:\/\/0+1f7$/),
          name: "order-cron",
          nodeHostId: "2000300",
        },
        statusCode: 104,
        tag: "oom",
        exitCode: 137,
      },
    ]);
  });

  it("on hosts with only an IPv6 address or only an address have the known fields", async () => {
    const { steps } = await ask(
      EDGE_CASE_HOSTS,
      "hostResults(orderBy: { field: IP }) { nodes { hostId ip ipv6 cloudId cloudName } }",
    );

    const [cloudId, cloudName] = ["0", "Default Area"];
    expect(steps[0].hostResults.nodes).toEqual([
      { hostId: "2000500", ip: "10.0.1.244", ipv6: null, cloudId, cloudName },
      { hostId: null, ip: "10.0.1.247", ipv6: null, cloudId, cloudName: null },
      { hostId: null, ip: "10.0.1.248", ipv6: null, cloudId, cloudName: null },
      { hostId: "2000501", ip: null, ipv6: "2001:db8::1f5", cloudId, cloudName },
      { hostId: "2000502", ip: null, ipv6: "2001:db8::1f6", cloudId, cloudName },
    ]);
  });

  it("of several batches on one host are in the order of the batches", async () => {
    const { steps } = await ask(
      EDGE_CASE_HOSTS,
      'hostResults(filter: { hostIds: ["2000502"] }) { nodes { id statusCode startedAt durationMs } }',
    );

    const { nodes } = steps[1].hostResults;
    expect(nodes).toMatchObject([
      { statusCode: 9, startedAt: "2026-03-11T01:00:50.000Z", durationMs: 8_000 },
      { statusCode: 202, startedAt: "2026-03-11T01:01:00.000Z", durationMs: 8_000 },
      { statusCode: 9, startedAt: "2026-03-11T01:01:10.000Z", durationMs: 100 },
    ]);
    expect(new Set(nodes.map(({ id }: { id: string }) => id)).size).toBe(3);
  });

  it("with explicit nulls equal those with absent fields", async () => {
    const { steps } = await ask(
      EXPLICIT_NULLS,
      `hostResults(filter: { phases: [RUNNING] }) {
        nodes { hostId ip tag exitCode startedAt finishedAt durationMs }
      }`,
    );

    expect(steps[0].hostResults.nodes).toEqual([
      {
        hostId: null,
        ip: "10.1.2.3",
        tag: null,
        exitCode: null,
        startedAt: "2026-03-11T01:00:00.060Z",
        finishedAt: null,
        durationMs: null,
      },
    ]);
    expect(steps[1].hostResults.nodes).toEqual([]);
  });

  it("are ordered by numeric address, with invalid addresses last", async () => {
    const sorted = [
      "9.255.255.255",
      "10.0.0.2",
      "10.0.0.10",
      "192.168.0.1",
      "::1",
      "::ffff:10.0.0.1",
      "2001:db8::a",
      "2001:DB8::10",
      "2001:db8:0:0:0:0:0:11",
      "fe80::1%eth0",
      "host-a",
      "Host-B",
    ];
    const rows = sorted.map((ip, index) => hostRow(sorted.length - index, { ip }));
    scriptJob(gateway.simulator, "1", { steps: [stepRow({ step_ip_result_list: rows.toReversed() })] });

    const { steps } = await ask(
      "1",
      `rising: hostResults(orderBy: { field: IP }) { nodes { ip } }
       falling: hostResults(orderBy: { field: IP, direction: DESC }) { nodes { ip } }`,
    );

    const ips = ({ nodes }: { nodes: { ip: string }[] }) => nodes.map(({ ip }) => ip);
    expect(ips(steps[0].rising)).toEqual(sorted);
    expect(ips(steps[0].falling)).toEqual(sorted.toReversed());
  });
});
