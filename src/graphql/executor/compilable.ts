/** What the compiler can be trusted with. Everything else is left to graphql-js, which does all of it. */
import { type DocumentNode, Kind, type OperationDefinitionNode, type SelectionSetNode, visit } from "graphql";
import { fragmentsOf } from "./selection.ts";

/** Fields and fragments of an operation in all, each counted wherever it is spread: some 20 ms and 800 kB of code. */
const MOST_SELECTIONS = 200;

/**
 * graphql-jit (0.8) puts operations into the source of a function. Names are safe there, as GraphQL's names are
 * JavaScript's, and literals go through `JSON.stringify`; but then it turns texts that begin with `__MAGIC_DATE__`
 * and the like into code, which would let a query run anything.
 */
const BECOMES_CODE = "__MAGIC_";

/** True when compiled code of the operation answers as graphql-js does, at a bounded cost. */
export function isCompilable(document: DocumentNode, operation: OperationDefinitionNode): boolean {
  return isSafe(document) && isSmall(document, operation);
}

function isSafe(document: DocumentNode): boolean {
  let safe = true;
  visit(document, {
    StringValue({ value }) {
      safe &&= !value.includes(BECOMES_CODE);
    },
    Field({ alias }) {
      // It names what it knows of a field by the response keys on the way there with a `_` in between, so that
      // `a_b { c }` and `b { c_a }` get mixed up. `__proto__` would not become a property at all.
      safe &&= !alias?.value.includes("_");
    },
  });
  return safe;
}

/** It follows fragments without noticing that it has been there, so a few that spread each other would take for ever. */
function isSmall(document: DocumentNode, operation: OperationDefinitionNode): boolean {
  const fragments = fragmentsOf(document);
  const pending: (SelectionSetNode | undefined)[] = [operation.selectionSet];
  let count = 0;
  while (pending.length > 0) {
    for (const selection of pending.pop()?.selections ?? []) {
      count += 1;
      if (count > MOST_SELECTIONS) return false;
      pending.push(
        selection.kind === Kind.FRAGMENT_SPREAD
          ? fragments[selection.name.value]?.selectionSet
          : selection.selectionSet,
      );
    }
  }
  return true;
}

/**
 * Names of the variables within lists and input objects. Where such a one has no value, the compiler puts null
 * instead of leaving the place to its default.
 */
export function nestedVariables(document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  let depth = 0;
  const nesting = { enter: () => void depth++, leave: () => void depth-- };
  visit(document, {
    ListValue: nesting,
    ObjectValue: nesting,
    Variable({ name }) {
      if (depth > 0) names.add(name.value);
    },
  });
  return [...names];
}
