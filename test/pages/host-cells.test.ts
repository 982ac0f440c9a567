/** The columns of hosts that the grid shows, and the selection of rows. */
import { describe, expect, it } from "vitest";
import {
  createHostCells,
  HOST_PHASES,
  type HostCells,
  NOT_LOADED,
} from "../../src/pages/job/hosts/host-cells.ts";
import {
  type HostFilter,
  type HostOrder,
  NO_FILTER,
  ROWS_PER_SLICE,
  selectRows,
} from "../../src/pages/job/hosts/select-rows.ts";
import type { HostCellFragment } from "../../src/pages/job/operations.generated.ts";

const host = (fields: Partial<HostCellFragment> = {}): HostCellFragment => ({
  statusCode: 9,
  tag: null,
  exitCode: null,
  ip: null,
  ipv6: null,
  container: null,
  ...fields,
});

const cellsOf = (...hosts: readonly HostCellFragment[]): HostCells => {
  const cells = createHostCells(hosts.length);
  cells.write(0, hosts);
  return cells;
};

describe("a cell", () => {
  it.each([
    ["an IPv4 address", { ip: "10.0.255.1", ipv6: "fe80::1" }, "10.0.255.1"],
    ["an IPv4 address above 2^31", { ip: "255.255.255.255" }, "255.255.255.255"],
    ["another notation of an IPv4 address", { ip: "010.1.1.1" }, "010.1.1.1"],
    ["an IPv6 address", { ipv6: "FE80::1" }, "FE80::1"],
    ["a container", { container: { name: "web-0" } }, "web-0"],
    ["nothing", {}, "0.0.0.0"],
  ])("has the name of %s", (_, fields, name) => {
    expect(cellsOf(host(fields)).cellOf(0)?.name).toBe(name);
  });

  it("has the status, the tag and the exit code of its host", () => {
    const cells = cellsOf(host({ ip: "1.1.1.1", statusCode: 104, tag: "disk full", exitCode: -1 }));
    expect(cells.cellOf(0)).toEqual({
      name: "1.1.1.1",
      statusCode: 104,
      tag: "disk full",
      exitCode: -1,
      phase: "FAILED",
    });
  });

  it("has an unknown phase if the status code is not documented", () => {
    expect(cellsOf(host({ statusCode: 777 })).cellOf(0)?.phase).toBe("UNKNOWN");
  });

  it("does not exist until its host is loaded", () => {
    const cells = createHostCells(2);
    expect([cells.cellOf(0), cells.phaseIndexOf(0)]).toEqual([null, NOT_LOADED]);
    cells.write(1, [host(), host()]);
    expect([cells.cellOf(0), cells.cellOf(1)?.phase]).toEqual([null, "SUCCEEDED"]);
  });

  it("is replaced as a whole", () => {
    const cells = cellsOf(host({ ipv6: "fe80::1", tag: "a", exitCode: 1 }));
    cells.write(0, [host({ ip: "10.0.0.1" })]);
    expect(cells.cellOf(0)).toMatchObject({ name: "10.0.0.1", tag: null, exitCode: null });
    expect(cells.hasAddress(0, "fe80")).toBe(false);
  });
});

const CELLS = cellsOf(
  host({ ip: "10.0.0.1", statusCode: 9 }),
  host({ ip: "10.0.0.2", statusCode: 104, tag: "disk full" }),
  host({ ip: "10.0.1.1", statusCode: 7 }),
  host({ ip: "10.0.1.2", statusCode: 104 }),
  host({ ip: "10.0.2.1", ipv6: "FE80::A", statusCode: 5 }),
);

const select = (filter: Partial<HostFilter>, order: HostOrder = "STEP", cells = CELLS) =>
  selectRows(cells, { ...NO_FILTER, ...filter }, order, new AbortController().signal);

describe("a selection", () => {
  it.each([
    ["all hosts", {}, [0, 1, 2, 3, 4]],
    ["a phase", { phase: "FAILED" }, [1, 3]],
    ["a group", { group: { statusCode: 104, tag: "disk full" } }, [1]],
    ["a group without a tag", { group: { statusCode: 104, tag: null } }, [3]],
    ["a part of an IPv4 address", { address: "0.1." }, [2, 3]],
    ["a part of an IPv6 address in any case", { address: "e80::A" }, [4]],
    ["several conditions", { phase: "FAILED", address: "10.0.1" }, [3]],
    ["nothing", { address: "192" }, []],
  ] satisfies [string, Partial<HostFilter>, number[]][])("matches %s", async (_, filter, rows) => {
    expect(Array.from((await select(filter)) ?? [])).toEqual(rows);
  });

  it("can begin with the hosts that need attention", async () => {
    expect(Array.from((await select({}, "ATTENTION")) ?? [])).toEqual([1, 3, 2, 4, 0]);
  });

  it("works in slices of a fixed size, whatever the number of hosts", async () => {
    const total = 3 * ROWS_PER_SLICE + 1;
    const cells = createHostCells(total);
    let current = 0;
    let largest = 0;
    const startSlice = () => {
      current = 0;
    };
    // Counts the rows that are read before other tasks can run.
    const counting: HostCells = {
      ...cells,
      phaseIndexOf: (row) => {
        if (current++ === 0) setImmediate(startSlice);
        largest = Math.max(largest, current);
        return cells.phaseIndexOf(row);
      },
    };
    await select({ phase: HOST_PHASES[0] }, "STEP", counting);
    expect(largest).toBe(ROWS_PER_SLICE);
  });

  it("ends with its signal", async () => {
    const next = new AbortController();
    const rows = selectRows(createHostCells(2 * ROWS_PER_SLICE), NO_FILTER, "STEP", next.signal);
    next.abort();
    expect(await rows).toBeNull();
  });
});
