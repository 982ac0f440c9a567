/** Host results of random steps through the gateway, compared with a simple implementation of the SDL. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { HostGroupKey, HostResultFilter, HostResultOrder } from "../../src/model/sdl.generated.ts";
import { jobQuery, onJob } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { scriptJob, stepRow } from "../support/job-payload.ts";
import {
  CLOUD_IDS,
  EXIT_CODES,
  HOST_IDS,
  hostList,
  ipv4,
  ipv6,
  type RandomStep,
  randomStep,
  reshuffled,
  STATUSES,
  TAGS,
} from "./reference/random-rows.ts";
import * as reference from "./reference/reference.ts";
import { NODE_FIELDS, type Node, SUMMARY_FIELDS } from "./reference/reference.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ config: { logLevel: "silent" } });
});
afterAll(() => gateway.close());

/** Serves the steps as job 1, with a different order of rows at every read. */
function serve(...steps: readonly RandomStep[]): void {
  scriptJob(gateway.simulator, "1", (read) => ({
    steps: steps.map((random, index) =>
      stepRow({ step_instance_id: index + 1, ...hostList(read === 0 ? random : reshuffled(random, read)) }),
    ),
  }));
}

/** Queries a selection on job 1. */
async function ask(selection: string, parameters = "", variables: Record<string, unknown> = {}) {
  const { data, errors } = await gateway.ask(
    `query${parameters && `(${parameters})`} ${jobQuery("1", onJob(selection))}`,
    variables,
  );
  expect(errors).toBeUndefined();
  return data.jobInstance;
}

const ALL = `hostResults(first: 10000) { nodes { ${NODE_FIELDS} } }`;

/** All results of the first step in the stable order. */
const readAll = async (): Promise<Node[]> => (await ask(`steps { ${ALL} }`)).steps[0].hostResults.nodes;

const property = <T>(values: fc.Arbitrary<T>, check: (value: T) => Promise<void>, numRuns = 30) =>
  fc.assert(fc.asyncProperty(values, check), { numRuns });

const idsOf = (nodes: readonly { id: string }[]) => nodes.map(({ id }) => id);

const ORDERS: readonly HostResultOrder[] = (
  ["STATUS_CODE", "IP", "STARTED_AT", "DURATION", "EXIT_CODE"] as const
).flatMap((field) => (["ASC", "DESC"] as const).map((direction) => ({ field, direction })));

const listOf = <T>(...values: readonly T[]): fc.Arbitrary<T[]> =>
  fc.array(fc.constantFrom(...values), { maxLength: 4 });

const randomFilter: fc.Arbitrary<HostResultFilter> = fc
  .record({
    statuses: listOf("SUCCEEDED", "ALREADY_SUCCEEDED", "SCRIPT_NON_ZERO_EXIT", "FAILED", "UNRECOGNIZED"),
    statusCodes: listOf(...STATUSES, 12_345),
    phases: listOf("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "STOPPED", "UNKNOWN", "WAITING_USER"),
    hostIds: listOf(...HOST_IDS.map(String), "01"),
    cloudIds: listOf(...CLOUD_IDS.map(String)),
    ipContains: fc.oneof(
      fc.constantFrom("", ".", "10", "0.2", "::", "AB", "cE", "x"),
      ipv4,
      ipv6.map((ip) => ip.slice(0, 6).toUpperCase()),
    ),
    tags: listOf(null, "", ...TAGS),
    exitCodes: listOf(...EXIT_CODES),
  })
  .chain((all) =>
    // One or two conditions at a time: more would filter out nearly everything.
    fc
      .uniqueArray(fc.constantFrom(...Object.keys(all)), { maxLength: 2 })
      .chain((chosen) => fc.tuple(fc.constant(chosen), fc.constantFrom(...Object.keys(all))))
      .map(([chosen, nulled]) => ({
        [nulled]: null,
        ...Object.fromEntries(Object.entries(all).filter(([name]) => chosen.includes(name))),
      })),
  );

it("returns every result unchanged, once, with a unique id", () =>
  property(randomStep(), async (random) => {
    serve(random);
    const nodes = await readAll();

    const withoutIds = nodes.map(({ id: _, ...rest }) => rest);
    const sorted = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).toSorted();
    const order = Object.keys(withoutIds[0] ?? {});
    const expected = random.results.map((result) => {
      const decoded: Record<string, unknown> = { ...reference.decode(result) };
      return Object.fromEntries(order.map((name) => [name, decoded[name]]));
    });
    expect(sorted(withoutIds)).toEqual(sorted(expected));
    expect(new Set(idsOf(nodes)).size).toBe(nodes.length);
  }));

it("returns the same ids in the same order, whatever the order of the upstream", () =>
  property(randomStep(), async (random) => {
    serve(random);
    const first = await readAll();

    for (let read = 1; read < 3; read++) expect(await readAll()).toEqual(first);
  }));

it("orders by any field, with rows without a value last in both directions and equal rows in the stable order", () =>
  property(randomStep(), async (random) => {
    serve(random);
    const ordered = ORDERS.map(
      ({ field, direction }) =>
        `${field}_${direction}: hostResults(
          first: 10000, orderBy: { field: ${field}, direction: ${direction} }
        ) { nodes { id } }`,
    );
    const { steps } = await ask(`steps { ${ALL} ${ordered.join("\n")} }`);

    for (const order of ORDERS) {
      expect([order, ...idsOf(steps[0][`${order.field}_${order.direction}`].nodes)]).toEqual([
        order,
        ...idsOf(reference.order(steps[0].hostResults.nodes, order)),
      ]);
    }
  }));

it("returns the results that match every condition of a filter, with any of its values", () =>
  property(
    fc.tuple(randomStep(), fc.array(randomFilter, { minLength: 8, maxLength: 8 })),
    async ([random, filters]) => {
      serve(random);
      const variables = Object.fromEntries(filters.map((filter, index) => [`f${index}`, filter]));
      const names = Object.keys(variables);
      const { steps } = await ask(
        `steps { ${ALL} ${names
          .map((name) => `${name}: hostResults(filter: $${name}, first: 10000) { totalCount nodes { id } }`)
          .join("\n")} }`,
        names.map((name) => `$${name}: HostResultFilter`).join(),
        variables,
      );

      for (const [index, filter] of filters.entries()) {
        const expected = idsOf(reference.filter(steps[0].hostResults.nodes, filter));
        const page = steps[0][`f${index}`];
        expect([filter, page.totalCount, ...idsOf(page.nodes)]).toEqual([
          filter,
          expected.length,
          ...expected,
        ]);
      }
    },
  ));

it("returns every result exactly once over pages of any size, although the upstream's order changes", () =>
  property(
    fc.tuple(
      randomStep(),
      fc.option(fc.constantFrom(...ORDERS)),
      fc.oneof(fc.constant({}), randomFilter),
      fc.integer({ min: 1, max: 25 }),
    ),
    async ([random, orderBy, filter, first]) => {
      serve(random);
      const all = reference.filter(await readAll(), filter);
      const expected = idsOf(orderBy ? reference.order(all, orderBy) : all);

      const walked: string[] = [];
      for (let after: string | null = null, hasNextPage = true; hasNextPage; ) {
        const { steps } = await ask(
          `steps { hostResults(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
            totalCount nodes { id } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
          } }`,
          "$filter: HostResultFilter, $orderBy: HostResultOrder, $first: Int!, $after: String",
          { filter, orderBy, first, after },
        );
        const { totalCount, nodes, edges, pageInfo } = steps[0].hostResults;
        expect(totalCount).toBe(expected.length);
        expect(edges.map(({ node }: { node: Node }) => node)).toEqual(nodes);
        expect(pageInfo.startCursor).toBe(edges[0]?.cursor ?? null);
        expect(pageInfo.endCursor).toBe(edges.at(-1)?.cursor ?? null);
        expect(pageInfo.hasPreviousPage).toBe(walked.length > 0);
        expect(nodes).toHaveLength(Math.min(first, expected.length - walked.length));
        walked.push(...idsOf(nodes));
        expect(pageInfo.hasNextPage).toBe(walked.length < expected.length);
        ({ hasNextPage, endCursor: after } = pageInfo);
      }
      expect(walked).toEqual(expected);
    },
    25,
  ));

it("puts every result into exactly one group, with the groups in order", () =>
  property(
    fc.tuple(
      randomStep(),
      fc.array(fc.constantFrom<HostGroupKey>("STATUS", "TAG", "EXIT_CODE"), { maxLength: 4 }),
      fc.oneof(fc.constant({}), randomFilter),
      fc.option(fc.constantFrom(...ORDERS)),
    ),
    async ([random, by, filter, orderBy]) => {
      serve(random);
      const { steps } = await ask(
        `steps { ${ALL} hostGroups(by: $by, filter: $filter) {
          status statusCode tag exitCode count
          hostResults(orderBy: $orderBy, first: 10000) { totalCount nodes { id } }
        } }`,
        "$by: [HostGroupKey!]!, $filter: HostResultFilter, $orderBy: HostResultOrder",
        { by, filter, orderBy },
      );

      const matching = reference.filter(steps[0].hostResults.nodes, filter);
      const expected = reference.group(matching, by).map(({ nodes, ...rest }) => ({
        ...rest,
        count: nodes.length,
        hostResults: {
          totalCount: nodes.length,
          nodes: (orderBy ? reference.order(nodes, orderBy) : nodes).map(({ id }) => ({ id })),
        },
      }));
      expect(steps[0].hostGroups).toEqual(expected);
    },
  ));

it("counts every result of a step and of the job once, by phase and by status", () =>
  property(fc.array(randomStep(), { maxLength: 3 }), async (random) => {
    serve(...random);
    const { hostSummary, steps } = await ask(
      `hostSummary { ${SUMMARY_FIELDS} } steps { ${ALL} hostSummary { ${SUMMARY_FIELDS} } }`,
    );

    const nodes: Node[][] = steps.map((read: { hostResults: { nodes: Node[] } }) => read.hostResults.nodes);
    expect(steps.map((read: { hostSummary: unknown }) => read.hostSummary)).toEqual(
      nodes.map(reference.summarize),
    );
    expect(hostSummary).toEqual(reference.summarize(nodes.flat()));
    const { total, byStatus, ...phases } = hostSummary;
    const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);
    expect(sum(Object.values(phases))).toBe(total);
    expect(sum(byStatus.map(({ count }: { count: number }) => count))).toBe(total);
  }));
