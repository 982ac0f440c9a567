/** Ids of host results are unique and stable across reads, in whatever order the rows arrive. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DIALECT_NAMES, type Dialect } from "../../src/simulator/render.ts";
import { readJob } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { changedJobResponse } from "../support/job-payload.ts";

interface Row {
  readonly id: string;
  readonly [field: string]: unknown;
}

const ROW = "id hostId ip ipv6 container { id } status tag exitCode startedAt finishedAt durationMs";

async function readRows(gateway: TestGateway, id: string): Promise<Row[]> {
  const { steps } = await readJob(gateway, id, `steps { hostResults { nodes { ${ROW} } } }`);
  return steps.flatMap(({ hostResults }: { hostResults: { nodes: Row[] } }) => hostResults.nodes);
}

describe.each(Object.keys(DIALECT_NAMES) as Dialect[])("in the dialect «%s»", (dialect) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ simulator: { dialect } });
  });
  afterAll(() => gateway.close());

  it.each([
    ["several results on each host", "20000000009"],
    ["containers", "20000000005"],
    ["every status", "20000000008"],
    ["explicit nulls", "20000000016"],
  ])("rows of a job with %s have unique, stable ids", async (_, id) => {
    const reads = [await readRows(gateway, id), await readRows(gateway, id), await readRows(gateway, id)];

    const [first = []] = reads;
    expect(new Set(first.map((row) => row.id)).size).toBe(first.length);
    expect(first.length).toBeGreaterThan(0);
    const byId = (rows: Row[]) => new Map(rows.map((row) => [row.id, row]));
    for (const rows of reads) expect(byId(rows)).toEqual(byId(first));
  });
});

describe("results on one host", () => {
  const START = Date.UTC(2026, 2, 10, 2);
  const at = (batch: number) => ({
    start_time: START + batch * 10_000,
    end_time: START + batch * 10_000 + 8_000,
    total_time: 8_000,
  });
  const row = (fields: object) => ({ bk_host_id: 101, ip: "10.0.0.1", bk_cloud_id: 0, tag: "", ...fields });

  const read = async (gateway: TestGateway, rows: object[]) => {
    gateway.simulator.script("7", () => changedJobResponse({ step: { step_ip_result_list: rows } }));
    return readRows(gateway, "7");
  };

  it("keep their ids while later batches start and end", async () => {
    const gateway = await startGateway();
    const done = row({ status: 9, ...at(0) });
    const running = { status: 7, start_time: START + 10_000 };
    const waiting = row({ status: 5 });

    const idsByRead = [];
    for (const rows of [
      [waiting, row(running), done],
      [done, waiting, row({ status: 202, ...at(1) })],
      [row({ status: 9, ...at(2) }), row({ status: 202, ...at(1) }), done],
    ]) {
      const nodes = await read(gateway, rows);
      const inTime = nodes.toSorted((a, b) =>
        String(a.startedAt ?? "9999").localeCompare(String(b.startedAt ?? "9999")),
      );
      idsByRead.push(inTime.map(({ id }) => id));
    }
    await gateway.close();

    expect(new Set(idsByRead[0]).size).toBe(3);
    expect(idsByRead[1]).toEqual(idsByRead[0]);
    expect(idsByRead[2]).toEqual(idsByRead[0]);
  });

  it("have unique ids even if they are identical", async () => {
    const gateway = await startGateway();
    const same = row({ status: 9, ...at(0) });
    const ids = (await read(gateway, [same, same, same])).map(({ id }) => id);
    await gateway.close();
    expect(new Set(ids).size).toBe(3);
  });

  it("have unique ids if neither host nor address is known", async () => {
    const gateway = await startGateway();
    const unknownHost = { status: 9, ...at(0) };
    const ids = (await read(gateway, [unknownHost, { ...unknownHost, status: 11 }])).map(({ id }) => id);
    await gateway.close();
    expect(new Set(ids).size).toBe(2);
  });
});
