/** Random selections: an operation requests host results exactly if it selects fields that require them. */
import fc from "fast-check";
import { afterAll, beforeAll, it } from "vitest";
import { ref } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** A part of a document, and whether it requires host results. */
interface Part {
  /** `NAME` is a placeholder for a unique name. */
  readonly text: string;
  readonly needsHosts: boolean;
  readonly fragments: readonly string[];
}

const leaf = (needsHosts: boolean, ...texts: string[]): fc.Arbitrary<Part> =>
  fc.constantFrom(...texts).map((text) => ({ text, needsHosts, fragments: [] }));

/** Directives, and whether their field is included. `$off` and `$on` have defaults. */
const DIRECTIVES: readonly (readonly [text: string, isIncluded: boolean])[] = [
  ["", true],
  ["@include(if: true)", true],
  ["@include(if: false)", false],
  ["@skip(if: true)", false],
  ["@skip(if: false)", true],
  ["@include(if: $yes)", true],
  ["@include(if: $no)", false],
  ["@skip(if: $yes)", false],
  ["@skip(if: $no)", true],
  ["@include(if: $on)", true],
  ["@skip(if: $off)", true],
  ["@include(if: $off)", false],
  ["@include(if: $yes) @skip(if: $on)", false],
];
const HEAD = "query($yes: Boolean!, $no: Boolean!, $on: Boolean! = true, $off: Boolean = false)";
const USE_ALL =
  "y: __typename @skip(if: $yes) n: __typename @skip(if: $no) o: __typename @skip(if: $on) f: __typename @skip(if: $off)";
const directive = fc.constantFrom(...DIRECTIVES);

/** Some of the parts, each with a unique name and possibly a directive. */
function selection(parts: fc.Arbitrary<Part>): fc.Arbitrary<Part> {
  return fc.array(fc.tuple(parts, directive, fc.uuid()), { minLength: 1, maxLength: 3 }).map((chosen) => ({
    text: chosen
      .map(([{ text }, [on], id]) => text.replace("NAME", `n${id.replaceAll("-", "")}`).replace("ON", on))
      .join(" "),
    needsHosts: chosen.some(([{ needsHosts }, [, isIncluded]]) => needsHosts && isIncluded),
    fragments: chosen.flatMap(([{ fragments }]) => fragments),
  }));
}

const under = (field: string, inside: fc.Arbitrary<Part>): fc.Arbitrary<Part> =>
  inside.map((part) => ({ ...part, text: `NAME: ${field} ON { ${part.text} }` }));

const inline = (inside: fc.Arbitrary<Part>, condition: string): fc.Arbitrary<Part> =>
  inside.map((part) => ({ ...part, text: `... ${condition} ON { ${part.text} }` }));

const spread = (inside: fc.Arbitrary<Part>, type: string): fc.Arbitrary<Part> =>
  fc.tuple(inside, fc.uuid()).map(([part, id]) => {
    const name = `F${id.replaceAll("-", "")}`;
    const definition = `fragment ${name} on ${type} { ${part.text} }`;
    return { ...part, text: `...${name} ON`, fragments: [...part.fragments, definition] };
  });

/** Selections on `type` from `parts`, also in all kinds of fragments. */
function on(type: string, parts: readonly fc.Arbitrary<Part>[]): fc.Arbitrary<Part> {
  const plain = selection(fc.oneof(...parts));
  const wrapped = fc.oneof(
    ...parts,
    inline(plain, ""),
    inline(plain, `on ${type}`),
    spread(plain, type),
    inline(selection(spread(plain, type)), ""),
  );
  return selection(wrapped);
}

const typename = leaf(false, "NAME: __typename ON");
const counts = on("HostSummary", [
  typename,
  leaf(true, "NAME: total ON", "NAME: byStatus ON { __typename }"),
]);
const pageInfo = on("PageInfo", [
  typename,
  leaf(
    true,
    "NAME: hasNextPage ON",
    "NAME: hasPreviousPage ON",
    "NAME: startCursor ON",
    "NAME: endCursor ON",
  ),
]);
const page = on("HostResultConnection", [
  typename,
  under("pageInfo", pageInfo),
  leaf(true, "NAME: totalCount ON", "NAME: nodes ON { ip }", "NAME: edges ON { __typename }"),
]);
const step = on("StepInstance", [
  typename,
  leaf(false, "NAME: name ON", "NAME: statusCode ON"),
  under("hostSummary", counts),
  under("hostResults", page),
  under("hostResults(first: 1, orderBy: { field: IP })", page),
  leaf(true, "NAME: hostGroups ON { count }", "NAME: hostGroups(by: []) ON { __typename }"),
]);
const job = on("JobInstance", [
  typename,
  leaf(false, "NAME: name ON", "NAME: stepSummary ON { total }", "NAME: scope ON { id }"),
  under("hostSummary", counts),
  under("steps", step),
  under("currentStep", step),
  under("step(stepInstanceId: 20000010041)", step),
]);

it("requests host results exactly if an included field requires them, and returns no errors", async () => {
  await fc.assert(
    fc.asyncProperty(job, async ({ text, needsHosts, fragments }) => {
      gateway.simulator.requests.length = 0;
      const { errors } = await gateway.ask(
        `${HEAD} {
          jobInstance(${ref("20000000004")}) {
            ${USE_ALL}
            ... on JobInstance { ${text} }
          }
        } ${fragments.join("\n")}`,
        { yes: true, no: false },
      );

      const flags = gateway.simulator.requests.map(({ query }) => query.return_ip_result === "true");
      if (errors) throw new Error(JSON.stringify(errors));
      if (flags.length !== 1 || flags[0] !== needsHosts) {
        throw new Error(`Expected one call, with host results: ${needsHosts}; got ${JSON.stringify(flags)}.`);
      }
    }),
    { numRuns: 100 },
  );
});
