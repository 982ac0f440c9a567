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
import type { LimitName } from "../../model/limits.ts";

/**
 * Limits of a document that have settings. Each has an effect of its own:
 *
 * - `maxTokens` and `maxDepth` protect the parser, which is recursive, and all that traverses the document later.
 * - `maxFields` bounds the size of the plan and of the response, `maxAliases` how often clients multiply one field.
 * - `maxRootFields` bounds how many lookups begin at once.
 * - `maxDirectives` bounds conditions, which are evaluated for every request.
 *
 * They are checked by one traversal of the gateway's own. Rules of a library (graphql-armor) run during the validation
 * of graphql-js: each traverses the document again, after the traversals that they are meant to protect.
 */
export interface DocumentLimits {
  /** Maximum number of tokens. Every field of the schema selected once is about 200. */
  readonly maxTokens: number;
  /** Maximum nesting of selections and of values. The introspection of explorers has 15 levels. */
  readonly maxDepth: number;
  /** Maximum number of selected fields. Every field of the schema selected once is about 150. */
  readonly maxFields: number;
  readonly maxAliases: number;
  /** Maximum number of fields of `Query` or `Subscription` in one operation. */
  readonly maxRootFields: number;
  readonly maxDirectives: number;
}

/** Maximum number of operations in a document: each is validated with all fragments that it uses. */
const MAX_OPERATIONS_PER_DOCUMENT = 50;
/** Maximum number of selections with one response key in a selection set: validation compares all pairs of them. */
const MAX_REPETITIONS = 100;
/** Maximum number of host results that an operation examines: 100 filters over 50 000 hosts, seconds of CPU time. */
const MAX_EXAMINED_ROWS = 5_000_000;

/** The document exceeds a limit. */
export class LimitExceeded extends GraphQLError {
  readonly limit: LimitName;

  constructor(limit: LimitName, message: string, place: GraphQLErrorOptions) {
    super(message, place);
    this.limit = limit;
  }
}

/**
 * Checks the number of tokens and their nesting, because graphql-js parses recursively.
 * @throws LimitExceeded; GraphQLError for invalid tokens
 */
export function checkTokens(text: string, { maxTokens, maxDepth }: DocumentLimits): void {
  const lexer = new Lexer(new Source(text));
  let depth = 0;
  for (let tokens = 1; ; tokens++) {
    const token = lexer.advance();
    if (token.kind === TokenKind.EOF) return;
    const place = { source: lexer.source, positions: [token.start] };
    if (tokens > maxTokens) {
      const message = `Too many tokens in the document (maximum ${maxTokens}). Send only operations that you run, or split the operation.`;
      throw new LimitExceeded("MAX_TOKENS", message, place);
    }
    if (OPENING.has(token.kind)) depth += 1;
    if (CLOSING.has(token.kind)) depth -= 1;
    if (depth > maxDepth) throw tooDeep(maxDepth, place);
  }
}

const OPENING: ReadonlySet<string> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING: ReadonlySet<string> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

const tooDeep = (maxDepth: number, place: GraphQLErrorOptions): LimitExceeded =>
  new LimitExceeded(
    "MAX_DEPTH",
    `The document is nested too deeply (maximum ${maxDepth} levels). Nest fewer selections and fragments in each other.`,
    place,
  );

type Definition = OperationDefinitionNode | FragmentDefinitionNode;
type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** What a selection set contains, counting fragments wherever they are spread. */
interface Counts {
  readonly fields: number;
  readonly aliases: number;
  readonly directives: number;
  /** Fields of the selection set itself, including those of its fragments. */
  readonly ownFields: number;
  /** Levels of nesting below the selection set. */
  readonly depth: number;
}

const NOTHING: Counts = { fields: 0, aliases: 0, directives: 0, ownFields: 0, depth: 0 };

/** Checks a parsed document. @returns the number of fields that it selects. @throws LimitExceeded; GraphQLError */
export function checkSelections(document: DocumentNode, limits: DocumentLimits): number {
  const definitions = document.definitions.filter(
    (definition): definition is Definition =>
      definition.kind === Kind.OPERATION_DEFINITION || definition.kind === Kind.FRAGMENT_DEFINITION,
  );
  const operations = definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  const surplus = operations[MAX_OPERATIONS_PER_DOCUMENT];
  if (surplus) {
    const message = `Too many operations in one document: ${operations.length} (maximum ${MAX_OPERATIONS_PER_DOCUMENT}). Send only operations that you run.`;
    throw new LimitExceeded("MAX_OPERATIONS_PER_DOCUMENT", message, { nodes: surplus });
  }
  const fragments = new Map(
    definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [],
    ),
  );
  const count = createCount(fragments, limits.maxDepth);
  let total = 0;
  for (const definition of definitions) {
    const counts = count(definition.selectionSet, 0);
    checkCounts(definition, counts, limits);
    total += counts.fields;
    if (definition.kind === Kind.OPERATION_DEFINITION) checkSubscription(definition, fragments);
  }
  return total;
}

function checkCounts(definition: Definition, counts: Counts, limits: DocumentLimits): void {
  const check = (limit: LimitName, max: number, count: number, what: string, remedy: string) => {
    if (count <= max) return;
    // Fragments that multiply reach numbers of a hundred digits.
    const number = count > MAX_SHOWN_COUNT ? `more than ${MAX_SHOWN_COUNT}` : count;
    const message = `Too many ${what}: ${number}, counting fragments wherever they are spread (maximum ${max}). ${remedy}`;
    throw new LimitExceeded(limit, message, { nodes: definition });
  };
  check("MAX_FIELDS", limits.maxFields, counts.fields, "selected fields", "Split the operation.");
  check("MAX_ALIASES", limits.maxAliases, counts.aliases, "aliases", "Split the operation.");
  check(
    "MAX_DIRECTIVES",
    limits.maxDirectives,
    counts.directives + directivesOf(definition),
    "directives",
    "Put fields with the same condition into one fragment.",
  );
  if (definition.kind !== Kind.OPERATION_DEFINITION) return;
  const remedy = "Use `jobInstances` for several jobs, or split the operation.";
  check("MAX_ROOT_FIELDS", limits.maxRootFields, counts.ownFields, "root fields", remedy);
}

const MAX_SHOWN_COUNT = 1_000_000;

/** The number of directives of a definition itself. */
const directivesOf = ({ directives = [], variableDefinitions = [] }: Definition): number =>
  variableDefinitions.reduce((sum, variable) => sum + (variable.directives?.length ?? 0), directives.length);

/** Creates a function that counts a selection set at a nesting level. Each fragment is traversed once. */
function createCount(
  fragments: Fragments,
  maxDepth: number,
): (selectionSet: SelectionSetNode, level: number) => Counts {
  const known = new Map<string, Counts>();

  const countFragment = (name: string, level: number): Counts => {
    const counted = known.get(name);
    if (counted !== undefined) return counted;
    // Validation reports cycles of fragments. Here, counting must only terminate.
    known.set(name, NOTHING);
    const fragment = fragments.get(name);
    const counts = fragment ? count(fragment.selectionSet, level) : NOTHING;
    known.set(name, counts);
    return counts;
  };

  const countInner = (selection: SelectionNode, level: number): Counts => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return countFragment(selection.name.value, level);
    return selection.selectionSet ? count(selection.selectionSet, level) : NOTHING;
  };

  const count = (selectionSet: SelectionSetNode, level: number): Counts => {
    if (level > maxDepth) throw tooDeep(maxDepth, { nodes: selectionSet });
    checkRepetitions(selectionSet.selections);
    const counts = { ...NOTHING };
    for (const selection of selectionSet.selections) {
      const inner = countInner(selection, level + 1);
      const isField = selection.kind === Kind.FIELD;
      counts.fields += inner.fields + (isField ? 1 : 0);
      counts.aliases += inner.aliases + (isField && selection.alias ? 1 : 0);
      counts.directives += inner.directives + (selection.directives?.length ?? 0);
      counts.ownFields += isField ? 1 : inner.ownFields;
      counts.depth = Math.max(counts.depth, inner.depth + (isField && !selection.selectionSet ? 0 : 1));
      // A fragment that was traversed before can be spread at a deeper level.
      if (level + counts.depth > maxDepth) throw tooDeep(maxDepth, { nodes: selection });
    }
    return counts;
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
      throw new LimitExceeded(
        "MAX_REPETITIONS",
        `Too many selections of \`${key}\` in one selection set (maximum ${MAX_REPETITIONS}). Give them different aliases.`,
        { nodes: selection },
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
