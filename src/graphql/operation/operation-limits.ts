/**
 * Limits of an operation. The limits of a document are checked before anything else traverses it recursively, and for
 * all fragments, including unused ones. Fields of a fragment count wherever it is spread. Fragments that spread each
 * other multiply, so that a document of a few hundred bytes can select billions of fields:
 *
 *     { ...A }   fragment A { ...B ...B }   fragment B { ...C ...C }   …     doubles with each fragment
 */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLErrorOptions,
  Kind,
  Lexer,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionNode,
  type SelectionSetNode,
  Source,
  TokenKind,
} from "graphql";
import { InvalidInput } from "../../model/errors.ts";

/** Maximum number of tokens. Every field of the schema selected once is about 200. */
export const MAX_TOKENS = 10_000;
/** Maximum nesting of selections and of values. The introspection of explorers has 15 levels. */
const MAX_NESTING = 60;
/** Maximum number of selected fields. Every field of the schema selected once is about 150. */
const MAX_FIELDS = 5_000;
/** Maximum number of operations in a document: each is validated with all fragments that it uses. */
const MAX_OPERATIONS_PER_DOCUMENT = 50;
/** Maximum number of selections with one response key in a selection set: validation compares all pairs of them. */
const MAX_REPETITIONS = 100;
/** Maximum number of host results that an operation examines: 100 filters over 50 000 hosts, seconds of CPU time. */
const MAX_EXAMINED_ROWS = 5_000_000;

/**
 * Checks the nesting of tokens, because graphql-js parses recursively.
 * @throws GraphQLError, also for invalid tokens
 */
export function checkNesting(text: string): void {
  const lexer = new Lexer(new Source(text));
  let nesting = 0;
  for (let tokens = 0; tokens < MAX_TOKENS; tokens++) {
    const token = lexer.advance();
    if (token.kind === TokenKind.EOF) return;
    if (OPENING.has(token.kind)) nesting += 1;
    if (CLOSING.has(token.kind)) nesting -= 1;
    if (nesting > MAX_NESTING) throw tooDeep({ source: lexer.source, positions: [token.start] });
  }
}

const OPENING: ReadonlySet<string> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING: ReadonlySet<string> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

const tooDeep = (place: GraphQLErrorOptions): GraphQLError =>
  new GraphQLError(`The document is nested too deeply (maximum ${MAX_NESTING} levels).`, place);

type Definition = OperationDefinitionNode | FragmentDefinitionNode;
type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** Checks a parsed document. @returns the number of fields that it selects. @throws GraphQLError */
export function checkSelections(document: DocumentNode): number {
  const definitions = document.definitions.filter(
    (definition): definition is Definition =>
      definition.kind === Kind.OPERATION_DEFINITION || definition.kind === Kind.FRAGMENT_DEFINITION,
  );
  const operations = definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  const surplus = operations[MAX_OPERATIONS_PER_DOCUMENT];
  if (surplus) {
    const message = `Too many operations in one document: ${operations.length} (maximum ${MAX_OPERATIONS_PER_DOCUMENT}). Send only operations that you run.`;
    throw new GraphQLError(message, { nodes: surplus });
  }
  const fragments = new Map(
    definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [],
    ),
  );
  const count = createCount(fragments);
  let total = 0;
  for (const definition of definitions) {
    const fields = count(definition.selectionSet, 0);
    if (fields > MAX_FIELDS) {
      const message = `Too many selected fields: ${fields}, counting fragments wherever they are spread (maximum ${MAX_FIELDS}). Split the operation.`;
      throw new GraphQLError(message, { nodes: definition });
    }
    total += fields;
    if (definition.kind === Kind.OPERATION_DEFINITION) checkSubscription(definition, fragments);
  }
  return total;
}

/** Creates a function that counts the fields of a selection set at a nesting level. */
function createCount(fragments: Fragments): (selectionSet: SelectionSetNode, level: number) => number {
  const known = new Map<string, number>();

  const countFragment = (name: string, level: number): number => {
    const counted = known.get(name);
    if (counted !== undefined) return counted;
    // Validation reports cycles of fragments. Here, counting must only terminate.
    known.set(name, 0);
    const fragment = fragments.get(name);
    const fields = fragment ? count(fragment.selectionSet, level) : 0;
    known.set(name, fields);
    return fields;
  };

  const count = (selectionSet: SelectionSetNode, level: number): number => {
    if (level > MAX_NESTING) throw tooDeep({ nodes: selectionSet });
    checkRepetitions(selectionSet.selections);
    return selectionSet.selections.reduce((sum, selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD)
        return sum + countFragment(selection.name.value, level + 1);
      const inner = selection.selectionSet ? count(selection.selectionSet, level + 1) : 0;
      return sum + inner + (selection.kind === Kind.FIELD ? 1 : 0);
    }, 0);
  };

  return count;
}

function checkRepetitions(selections: readonly SelectionNode[]): void {
  if (selections.length <= MAX_REPETITIONS) return;
  const counts = new Map<string, number>();
  for (const selection of selections) {
    const key =
      selection.kind === Kind.FIELD
        ? (selection.alias ?? selection.name).value
        : selection.kind === Kind.FRAGMENT_SPREAD
          ? `...${selection.name.value}`
          : "...";
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (count > MAX_REPETITIONS) {
      throw new GraphQLError(
        `Too many selections of \`${key}\` in one selection set (maximum ${MAX_REPETITIONS}).`,
        {
          nodes: selection,
        },
      );
    }
  }
}

/**
 * Rejects `@skip` and `@include` on the root field of a subscription, which the specification forbids since 2025. The
 * validation rules of graphql-js do not check this.
 */
function checkSubscription({ operation, selectionSet }: OperationDefinitionNode, fragments: Fragments): void {
  if (operation !== OperationTypeNode.SUBSCRIPTION) return;
  const visited = new Set<string>();
  const check = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      const condition = selection.directives?.find(
        ({ name }) => name.value === "skip" || name.value === "include",
      );
      if (condition) {
        const message = `\`@${condition.name.value}\` cannot be used on the root field of a subscription.`;
        throw new GraphQLError(message, { nodes: condition });
      }
      if (selection.kind === Kind.INLINE_FRAGMENT) check(selection.selectionSet);
      if (selection.kind !== Kind.FRAGMENT_SPREAD || visited.has(selection.name.value)) continue;
      visited.add(selection.name.value);
      const fragment = fragments.get(selection.name.value);
      if (fragment) check(fragment.selectionSet);
    }
  };
  check(selectionSet);
}

/**
 * Creates the row budget of one execution: a short query can select a filtered page of the same 50 000 rows a thousand
 * times. The function deducts a number of rows. @throws InvalidInput when the budget is exceeded
 */
export function createRowBudget(): (count: number) => void {
  let left = MAX_EXAMINED_ROWS;
  return (count) => {
    left -= count;
    if (left >= 0) return;
    throw new InvalidInput(
      `Too many host results to filter, order or group in one operation (maximum ${MAX_EXAMINED_ROWS}). Select fewer \`hostResults\` and \`hostGroups\`, or split the operation.`,
    );
  };
}
