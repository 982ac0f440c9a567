/** Limits of a single operation. */
import { describe, expect, it } from "vitest";
import { bulkJobId } from "../../src/simulator/bulk-jobs.ts";
import { AUTHORIZATION, jobField, onJob, postOperation, ref } from "../support/ask.ts";
import { useGateway } from "../support/gateway.ts";
import { DOCUMENT_LIMITS } from "../support/limits.ts";

const CREDENTIALS = { "x-bkapi-authorization": AUTHORIZATION };

/** Each fragment spreads the next ten times. */
const multiplying = (levels: number): string => {
  const fragments = Array.from({ length: levels }, (_, level) => {
    const next = level + 1 < levels ? `...F${level + 1} `.repeat(10) : "name ".repeat(10);
    return `fragment F${level} on JobInstance { ${next} }`;
  });
  return `{ jobInstance(${ref("100")}) { ...F0 } } ${fragments.join("\n")}`;
};

it("rejects an operation whose fragments multiply its fields beyond 5 000, without an upstream call", async () => {
  const { ask, simulator } = await useGateway();

  const { status, errors } = await ask(multiplying(12));

  expect(status).toBe(400);
  expect(errors).toMatchObject([
    {
      message: expect.stringContaining("(maximum 5000)"),
      extensions: { code: "GRAPHQL_VALIDATION_FAILED" },
    },
  ]);
  expect(simulator.requests).toEqual([]);
});

it("accepts an operation whose fragments multiply its fields within the limit", async () => {
  const { ask } = await useGateway();

  const { data } = await ask(multiplying(3));

  expect(data.jobInstance.name).toBe("API Quick execution script1");
});

const bulkJob = (selection: string) => jobField(bulkJobId(10_000), onJob(selection));

describe("a response beyond MAX_RESPONSE_BYTES", () => {
  const ROWS = Array.from({ length: 40 }, (_, index) => `a${index}: agentId`).join(" ");
  const PAGES = Array.from(
    { length: 20 },
    (_, index) => `p${index}: hostResults(first: 10000) { nodes { ${ROWS} } }`,
  ).join(" ");
  const CURSORS = Array.from(
    { length: 90 },
    (_, index) => `p${index}: hostResults(first: 10000) { edges { cursor } }`,
  ).join(" ");
  it.each([
    ["rows", `steps { ${PAGES} }`],
    ["cursors", `steps { ${CURSORS} }`],
  ])("of %s is rejected with the remedy, and the gateway continues to serve", async (_what, selection) => {
    const { ask } = await useGateway();

    const { status, data, errors } = await ask(`{ ${bulkJob(selection)} }`);
    expect([status, data]).toEqual([400, undefined]);
    expect(errors).toMatchObject([
      {
        message: expect.stringMatching(/67108864 bytes \(MAX_RESPONSE_BYTES\)\. Select fewer fields/),
        extensions: { code: "BAD_USER_INPUT" },
      },
    ]);

    const later = await ask(`{ ${bulkJob("steps { hostResults { totalCount } }")} }`);
    expect(later.data.jobInstance.steps[0].hostResults.totalCount).toBe(10_000);
  });
});

it("returns large pages beside an invalid reference, with one error, every time", async () => {
  const { ask } = await useGateway();
  const pages = Array.from(
    { length: 38 },
    (_, index) => `p${index}: hostResults(first: 10000) { nodes { ip } }`,
  );
  const query = `{ ${bulkJob(`steps { ${pages.join(" ")} }`)} bad: ${jobField("0")} }`;
  for (let time = 0; time < 3; time++) {
    const { status, data, errors } = await ask(query);
    expect(status).toBe(200);
    expect(errors).toMatchObject([{ path: ["bad"], extensions: { code: "BAD_USER_INPUT" } }]);
    expect(data.bad).toBeNull();
    expect(data.jobInstance.steps[0].p37.nodes).toHaveLength(10_000);
  }
});

describe("a response beyond a small limit", () => {
  const many = (count: number, text: (index: number) => string) =>
    Array.from({ length: count }, (_, n) => text(n)).join(" ");

  it.each([
    ["fields", many(3_000, (n) => `a${n}: name`)],
    ["groups", `steps { ${many(500, (n) => `g${n}: hostGroups(by: [STATUS, TAG]) { status tag count }`)} }`],
    ["edges", `steps { ${many(5, (n) => `e${n}: hostResults(first: 1000) { edges { cursor } }`)} }`],
    ["nodes", "steps { hostResults(first: 10000) { nodes { id } } }"],
  ])("is rejected if it consists of %s", async (_what, selection) => {
    const documentLimits = { ...DOCUMENT_LIMITS, maxAliases: 3_000 };
    const { ask } = await useGateway({ config: { maxResponseBytes: 50_000, documentLimits } });
    const { status, errors } = await ask(`{ ${bulkJob(selection)} }`);
    expect(status).toBe(400);
    expect(errors).toMatchObject([{ message: expect.stringContaining("exceed 50000 bytes") }]);
  });

  it("is rejected exactly from one byte above the limit", async () => {
    const query = `{ ${bulkJob("steps { hostResults(first: 100) { nodes { id ip } } }")} }`;
    const sized = await useGateway();
    const response = await postOperation(sized.url, { query }, CREDENTIALS);
    const size = (await response.arrayBuffer()).byteLength;
    const fits = await useGateway({ config: { maxResponseBytes: size } });
    expect((await fits.ask(query)).status).toBe(200);
    const exceeds = await useGateway({ config: { maxResponseBytes: size - 1 } });
    expect((await exceeds.ask(query)).status).toBe(400);
  });
});

it("serves other requests while a long response is computed", async () => {
  const { ask, url } = await useGateway();
  const filters = Array.from(
    { length: 200 },
    (_, n) => `f${n}: hostResults(filter: { ipContains: "1" }) { totalCount }`,
  );
  const pages = Array.from({ length: 30 }, (_, n) => `p${n}: hostResults(first: 10000) { edges { cursor } }`);
  let isDone = false;
  const long = ask(`{ ${bulkJob(`steps { ${filters.join(" ")} ${pages.join(" ")} }`)} }`).then((response) => {
    isDone = true;
    return response;
  });
  let answered = 0;
  while (!isDone) {
    expect((await fetch(new URL("/healthz", url))).status).toBe(200);
    answered += 1;
  }
  expect((await long).status).toBe(200);
  // Without yielding, only the requests before and after it would be answered.
  expect(answered).toBeGreaterThan(10);
});

it("rejects an operation that examines too many rows, whatever it returns", async () => {
  const { ask, simulator } = await useGateway();
  const pages = Array.from(
    { length: 12 },
    (_, n) => `f${n}: hostResults(first: 1, filter: { ipContains: "0." }) { totalCount }`,
  ).join(" ");
  const refs = Array.from({ length: 50 }, () => `{ scopeId: "1", jobInstanceId: "${bulkJobId(10_000)}" }`);
  const { data, errors } = await ask(
    `{ jobInstances(refs: [${refs}]) { ... on JobInstance { steps { ${pages} } } } }`,
  );
  expect(simulator.requests).toHaveLength(1);
  expect(data.jobInstances[0].steps[0].f0.totalCount).toBeGreaterThan(0);
  expect(errors?.[0]).toMatchObject({
    message: expect.stringContaining("(maximum 5000000)"),
    extensions: { code: "BAD_USER_INPUT" },
  });
}, 120_000);

// graphql-js blocks the event loop until it has the response.
it.skipIf(process.env.EXECUTOR === "graphql-js")(
  "stops the execution for a client that aborts",
  async () => {
    const { url, logs, ask } = await useGateway();
    const filters = Array.from(
      { length: 250 },
      (_, n) =>
        `f${n}: hostResults(first: 1, filter: { ipContains: "0." }, orderBy: { field: IP }) { nodes { ip } }`,
    ).join(" ");
    const controller = new AbortController();
    const query = `{ ${bulkJob(`steps { ${filters} }`)} }`;
    const aborted = postOperation(url, { query }, CREDENTIALS, controller.signal);
    // Once another request is answered, the first one has its rows and is computing.
    await ask(`{ ${bulkJob("steps { hostResults { totalCount } }")} }`);
    controller.abort();
    await expect(aborted).rejects.toThrow();
    await expect.poll(() => logs.filter(({ aborted }) => aborted === true)).toHaveLength(1);
    expect(logs.filter(({ level }) => Number(level) > 30)).toEqual([]);
  },
  120_000,
);

it("returns short messages for invalid variables of 1 MB", async () => {
  const { url } = await useGateway();
  const badRef = {
    x: '"'.repeat(400_000),
    ...Object.fromEntries(Array.from({ length: 48 }, (_, n) => [`k${n}`, 1])),
  };
  const query = "query($r: JobInstanceRef!) { jobInstance(ref: $r) { __typename } }";
  const response = await postOperation(url, { query, variables: { r: badRef } }, CREDENTIALS);
  expect(response.status).toBe(400);
  expect((await response.arrayBuffer()).byteLength).toBeLessThan(20_000);
});
