/** Valid values of `first` and `after`, and errors for invalid ones. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ref } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { hostRow, scriptJob, stepRow } from "../support/job-payload.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const rows = Array.from({ length: 5 }, (_, index) => hostRow(index + 1, { exit_code: index % 2 }));
/** Two steps on five hosts; `JOB` and `OTHER_JOB` differ only in their ids. */
const JOB = "1";
const OTHER_JOB = "2";
const jobOf = (attempt: number) => ({
  steps: [
    stepRow({ step_instance_id: 11, execute_count: attempt, step_ip_result_list: rows }),
    stepRow({ step_instance_id: 12, execute_count: attempt, step_ip_result_list: rows }),
  ],
});
beforeEach(() => {
  for (const id of [JOB, OTHER_JOB]) scriptJob(gateway.simulator, id, jobOf(0));
});

interface Read {
  readonly job?: string;
  readonly step?: string;
  /** Arguments of `hostResults`, as in the document. */
  readonly args?: string;
  /** Selection on the page. */
  readonly select?: string;
  /** Field that contains the page. */
  readonly within?: "hostGroups";
}

/** Reads a page of one step. */
async function read({ job = JOB, step = "11", args = "", select = "totalCount", within }: Read = {}) {
  const page = `hostResults${args && `(${args})`} { ${select} }`;
  const answer = await gateway.ask(
    `{ jobInstance(${ref(job)}) { ... on JobInstance {
      step(stepInstanceId: "${step}") { ${within ? `${within}(by: []) { ${page} }` : page} }
    } } }`,
  );
  const step_ = answer.data?.jobInstance?.step;
  return { ...answer, page: (step_?.hostGroups?.[0] ?? step_)?.hostResults };
}

const PATHS = {
  hostResults: ["jobInstance", "step", "hostResults"],
  hostGroups: ["jobInstance", "step", "hostGroups", 0, "hostResults"],
};

/** Expects one error of the page and a step that is null, never incomplete. */
async function expectRefusal(given: Read, message: RegExp) {
  const { data, errors } = await read(given);
  expect(errors).toHaveLength(1);
  expect(errors).toMatchObject([
    { path: PATHS[given.within ?? "hostResults"], extensions: { code: "BAD_USER_INPUT" } },
  ]);
  expect(errors?.[0]?.message).toMatch(message);
  expect(data.jobInstance).toEqual({ step: null });
}

/** A valid cursor: that of the second result. */
async function cursorOf(given: Read & { orderBy?: string } = {}): Promise<string> {
  const order = given.orderBy ? `, orderBy: ${given.orderBy}` : "";
  const { page } = await read({ ...given, args: `first: 2${order}`, select: "pageInfo { endCursor }" });
  return page.pageInfo.endCursor;
}

const encode = (text: string): string => Buffer.from(text).toString("base64url");
const decode = (cursor: string): string => Buffer.from(cursor, "base64url").toString();
const quote = (cursor: string): string => JSON.stringify(cursor);

/** Selections without results. */
const SELECTIONS = ["totalCount", "__typename", "pageInfo { __typename }"];

describe("a page size", () => {
  it.each([1, 2, 5, 10_000])("can be %i", async (first) => {
    const { page, errors } = await read({ args: `first: ${first}`, select: "nodes { hostId }" });

    expect(errors).toBeUndefined();
    expect(page.nodes).toHaveLength(Math.min(first, rows.length));
  });

  it.each(
    [0, -1, 10_001, 2_147_483_647].flatMap((first) =>
      [...SELECTIONS, "nodes { hostId }"].map((select) => ({ first, select })),
    ),
  )("cannot be $first, even if $select is selected", async ({ first, select }) => {
    await expectRefusal(
      { args: `first: ${first}`, select },
      new RegExp(`^Expected \`first\` to be 1 to 10[, ]?000, got ${first}\\.`),
    );
  });

  it.each([0, 10_001])("cannot be %i in a group", async (first) => {
    await expectRefusal({ args: `first: ${first}`, within: "hostGroups" }, /`first`/);
  });

  it("cannot be null, which a variable allows", async () => {
    const { errors } = await gateway.ask(
      `query($first: Int) { jobInstance(${ref(JOB)}) { ... on JobInstance {
        step(stepInstanceId: "11") { hostResults(first: $first) { totalCount } }
      } } }`,
      { first: null },
    );

    expect(errors).toMatchObject([{ path: PATHS.hostResults, extensions: { code: "BAD_USER_INPUT" } }]);
    expect(errors?.[0]?.message).toContain('"first"');
  });

  it("is 100 by default", async () => {
    const many = Array.from({ length: 101 }, (_, index) => hostRow(index + 1));
    scriptJob(gateway.simulator, JOB, {
      steps: [stepRow({ step_instance_id: 11, step_ip_result_list: many })],
    });

    const select = "nodes { hostId } pageInfo { hasNextPage }";
    for (const given of [{ select }, { select, within: "hostGroups" } as const]) {
      const { page } = await read(given);
      expect(page.nodes).toHaveLength(100);
      expect(page.pageInfo).toEqual({ hasNextPage: true });
    }
  });
});

describe("rejects an invalid cursor:", () => {
  const LOOKS_WRONG =
    /^Expected `after` to be the `endCursor` of the previous page, got ".*: it is not a cursor/;
  /** The last character of base64 can have unused bits, which must be zero. */
  const withUnusedBits = (cursor: string) => `${cursor.slice(0, -1)}${cursor.endsWith("A") ? "B" : "A"}`;

  it.each([
    ["an empty string", () => ""],
    ["a string", () => "page 2"],
    ["characters outside of base64", () => "é漢%"],
    ["random base64", () => "q83vASNFZ4mrze8BI0VniQ"],
    ["base64 of a string", () => encode("arrayconnection:5")],
    ["base64 of JSON that is not a list", () => encode('{"step":"biz/1/1/11"}')],
    ["base64 of null", () => encode("null")],
    ["base64 of an empty list", () => encode("[]")],
    ["base64 of nested lists", () => encode(`${"[".repeat(8)}${"]".repeat(8)}`)],
    ["a valid one that is truncated", (cursor: string) => cursor.slice(0, -4)],
    ["a valid one without its start", (cursor: string) => cursor.slice(4)],
    ["a valid one with a suffix", (cursor: string) => `${cursor}AAAA`],
    ["a valid one with spaces around it", (cursor: string) => ` ${cursor} `],
    ["a valid one with padding", (cursor: string) => `${cursor}=`],
    ["a valid one with a line break", (cursor: string) => `${cursor.slice(0, 8)}\n${cursor.slice(8)}`],
    [
      "a valid one in the other base64 alphabet",
      (cursor: string) => `${Buffer.from(cursor, "base64url").toString("base64")}=`,
    ],
    ["a valid one with other unused bits", (cursor: string) => withUnusedBits(cursor)],
    [
      "a valid one in another JSON notation",
      (cursor: string) => encode(decode(cursor).replaceAll(",", ", ")),
    ],
    ["a valid one as JSON in JSON", (cursor: string) => encode(JSON.stringify(decode(cursor)))],
  ])("%s", async (_case, forge) => {
    const forged = forge(await cursorOf());
    for (const select of [...SELECTIONS, "nodes { hostId }"]) {
      await expectRefusal({ args: `after: ${quote(forged)}`, select }, LOOKS_WRONG);
    }
    await expectRefusal({ args: `after: ${quote(forged)}`, within: "hostGroups" }, LOOKS_WRONG);
  });

  it("a valid one with any part replaced by a value of another type", async () => {
    for (const orderBy of ["", "{ field: IP }", "{ field: EXIT_CODE }"]) {
      const parts: unknown[] = JSON.parse(decode(await cursorOf({ orderBy })));
      const forgeries = parts.flatMap((part, index) =>
        [{}, [], true, -1.5, "\u0000", { toString: "x" }]
          .filter((value) => typeof value !== typeof part || typeof part !== "string")
          .map((value) => parts.with(index, value)),
      );
      for (const forgery of [...forgeries, parts.slice(1), parts.slice(0, -1), [...parts, null]]) {
        const order = orderBy ? `, orderBy: ${orderBy}` : "";
        const after = quote(encode(JSON.stringify(forgery)));
        await expectRefusal({ args: `after: ${after}${order}` }, /^Expected `after` to be the `endCursor`/);
      }
    }
  });

  it("a very long one, of which only the start is quoted", async () => {
    const { errors } = await read({ args: `after: ${quote("x".repeat(100_000))}` });

    expect(errors?.[0]?.message).toMatch(LOOKS_WRONG);
    expect(errors?.[0]?.message.length).toBeLessThan(250);
  });
});

describe("rejects a cursor from", () => {
  it.each([
    ["another job", { job: OTHER_JOB }, /another step/],
    ["another step", { step: "12" }, /another step/],
    ["the stable order", { orderBy: "" }, /another `orderBy`/],
    ["an order by another field", { orderBy: "{ field: EXIT_CODE }" }, /another `orderBy`/],
    ["the order in the other direction", { orderBy: "{ field: IP, direction: DESC }" }, /another `orderBy`/],
  ])("%s", async (_case, elsewhere, reason) => {
    const orderBy = "{ field: IP }";
    const cursor = await cursorOf({ orderBy, ...elsewhere });

    for (const select of SELECTIONS) {
      await expectRefusal({ args: `after: ${quote(cursor)}, orderBy: ${orderBy}`, select }, reason);
    }
  });

  it("another attempt of the step", async () => {
    const cursor = await cursorOf();
    scriptJob(gateway.simulator, JOB, jobOf(1));

    for (const select of SELECTIONS) {
      await expectRefusal({ args: `after: ${quote(cursor)}`, select }, /retried since/);
    }
  });
});

describe("accepts a cursor", () => {
  const select = "totalCount nodes { hostId }";

  it("in its original order, with or without an explicit direction", async () => {
    const cursor = await cursorOf({ orderBy: "{ field: IP }" });

    const { page } = await read({
      args: `after: "${cursor}", orderBy: { field: IP, direction: ASC }`,
      select,
    });

    expect(page).toEqual({ totalCount: 5, nodes: [{ hostId: "3" }, { hostId: "4" }, { hostId: "5" }] });
  });

  it("with another filter, as a position in the order of all results", async () => {
    const cursor = await cursorOf();

    const { page } = await read({ args: `after: "${cursor}", filter: { exitCodes: [1] }`, select });

    expect(page).toEqual({ totalCount: 2, nodes: [{ hostId: "4" }] });
  });

  it("whose result no longer exists", async () => {
    const cursor = await cursorOf();
    scriptJob(gateway.simulator, JOB, {
      steps: [stepRow({ step_instance_id: 11, step_ip_result_list: rows.toSpliced(1, 1) })],
    });

    const { page } = await read({ args: `after: "${cursor}"`, select });

    expect(page).toEqual({ totalCount: 4, nodes: [{ hostId: "3" }, { hostId: "4" }, { hostId: "5" }] });
  });

  it("of the last result, followed by an empty page", async () => {
    const { page: all } = await read({ select: "pageInfo { endCursor }" });

    const { page } = await read({
      args: `after: "${all.pageInfo.endCursor}"`,
      select: "totalCount nodes { hostId } edges { cursor } pageInfo { hasNextPage endCursor }",
    });

    expect(page).toEqual({
      totalCount: 5,
      nodes: [],
      edges: [],
      pageInfo: { hasNextPage: false, endCursor: null },
    });
  });
});
