/**
 * Limits of a document, checked before anything walks it by recursion. They hold for every fragment, also for those that
 * no operation uses, and count fields as they would be without fragments: fragments that spread each other multiply, so
 * a text of a few hundred bytes could otherwise select billions of fields.
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

/** Maximum number of tokens. Every field of the schema selected once is about 200. */
export const MAX_TOKENS = 10_000;
/** Maximum nesting of selections and of values. The introspection of explorers has 15 levels. */
const MAX_NESTING = 60;
/** Maximum number of selected fields. Every field of the schema selected once is about 150. */
const MAX_FIELDS = 5_000;
/** Maximum number of operations in a document: each is validated with all fragments that it uses. */
const MAX_OPERATIONS = 50;
/** Selections of one response key in one place are compared pairwise by validation. */
const MAX_REPETITIONS = 100;

/** Refuses a text whose parsing would recurse too deeply. @throws GraphQLError, also for what is no token */
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

/** Checks a parsed document. @returns how many fields its operations and fragments select. @throws GraphQLError */
export function checkSelections(document: DocumentNode): number {
  const definitions = document.definitions.filter(
    (definition): definition is Definition =>
      definition.kind === Kind.OPERATION_DEFINITION || definition.kind === Kind.FRAGMENT_DEFINITION,
  );
  const operations = definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  if (operations.length > MAX_OPERATIONS) {
    const message = `Too many operations in one document: ${operations.length} (maximum ${MAX_OPERATIONS}). Send those that are run.`;
    throw new GraphQLError(message, { nodes: operations.slice(MAX_OPERATIONS, MAX_OPERATIONS + 1) });
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
      const message = `Too many selected fields: ${fields}, fragments counted wherever they are spread (maximum ${MAX_FIELDS}). Split the operation.`;
      throw new GraphQLError(message, { nodes: definition });
    }
    total += fields;
    if (definition.kind === Kind.OPERATION_DEFINITION) checkSubscription(definition, fragments);
  }
  return total;
}

/** Makes a function that counts the fields of a selection, which stands at this level of nesting. */
function createCount(fragments: Fragments): (selectionSet: SelectionSetNode, level: number) => number {
  const known = new Map<string, number>();

  const countFragment = (name: string, level: number): number => {
    const counted = known.get(name);
    if (counted !== undefined) return counted;
    // A fragment that leads to itself is reported by validation; here it must only end.
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
      throw new GraphQLError(`Too many selections of \`${key}\` in one place (maximum ${MAX_REPETITIONS}).`, {
        nodes: selection,
      });
    }
  }
}

/**
 * Whether a subscription has a root field must not depend on variables, which the specification forbids since 2025 and
 * graphql-js's validation cannot decide.
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
