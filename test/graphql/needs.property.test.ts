/** Random selections: an operation asks for host results exactly when it selects something that takes them. */
import fc from "fast-check";
import { afterAll, beforeAll, it } from "vitest";
import { ref } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** A piece of a document, and whether it takes host results. */
interface Piece {
  /** `NAME` stands for a name that the place makes its own. */
  readonly text: string;
  readonly needsHosts: boolean;
  readonly fragments: readonly string[];
}

const leaf = (needsHosts: boolean, ...texts: string[]): fc.Arbitrary<Piece> =>
  fc.constantFrom(...texts).map((text) => ({ text, needsHosts, fragments: [] }));

/** Directives, and whether what they are on is there. `$off` and `$on` are defaults. */
const DIRECTIVES: readonly (readonly [text: string, isThere: boolean])[] = [
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

/** Some of the pieces, each under a name of its own and perhaps a directive. */
function selection(pieces: fc.Arbitrary<Piece>): fc.Arbitrary<Piece> {
  return fc.array(fc.tuple(pieces, directive, fc.uuid()), { minLength: 1, maxLength: 3 }).map((chosen) => ({
    text: chosen
      .map(([{ text }, [on], id]) => text.replace("NAME", `n${id.replaceAll("-", "")}`).replace("ON", on))
      .join(" "),
    needsHosts: chosen.some(([{ needsHosts }, [, isThere]]) => needsHosts && isThere),
    fragments: chosen.flatMap(([{ fragments }]) => fragments),
  }));
}

const under = (field: string, inside: fc.Arbitrary<Piece>): fc.Arbitrary<Piece> =>
  inside.map((piece) => ({ ...piece, text: `NAME: ${field} ON { ${piece.text} }` }));

const inline = (inside: fc.Arbitrary<Piece>, condition: string): fc.Arbitrary<Piece> =>
  inside.map((piece) => ({ ...piece, text: `... ${condition} ON { ${piece.text} }` }));

const spread = (inside: fc.Arbitrary<Piece>, type: string): fc.Arbitrary<Piece> =>
  fc.tuple(inside, fc.uuid()).map(([piece, id]) => {
    const name = `F${id.replaceAll("-", "")}`;
    const definition = `fragment ${name} on ${type} { ${piece.text} }`;
    return { ...piece, text: `...${name} ON`, fragments: [...piece.fragments, definition] };
  });

/** Selections on `type` out of `pieces`, also in fragments of all kinds. */
function on(type: string, pieces: readonly fc.Arbitrary<Piece>[]): fc.Arbitrary<Piece> {
  const plain = selection(fc.oneof(...pieces));
  const wrapped = fc.oneof(
    ...pieces,
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
const pageInfo = on("PageInfo", [typename, leaf(true, "NAME: hasNextPage ON", "NAME: endCursor ON")]);
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

it("asks for host results exactly when some included field takes them, and can then answer", async () => {
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
