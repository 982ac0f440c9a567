/**
 * Makes finished result objects of sources by a selection, as an executor would, for types whose resolvers are
 * synchronous and cannot fail: the decoder has checked every value that they read.
 */
import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  getNullableType,
  isLeafType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  type SelectionSetNode,
} from "graphql";

type Fragments = GraphQLResolveInfo["fragments"];

/** A result object of one source. */
export type Projection = (source: never, context: unknown) => unknown;

/**
 * The projection of `nodes`, which all stand for one response key and return `type`. Their document must be free
 * of conditions.
 *
 * It is generated code: an object literal with one call for each field, which the JIT compiles to straight-line
 * code. Nothing of the document but response keys gets into it, and those as JSON texts.
 */
export function createProjection(
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
  fragments: Fragments,
): Projection {
  const selectionSets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  const fields = [...collectFields(type, selectionSets, fragments)];
  const reads = fields.map(([, fieldNodes]) => readField(type, fieldNodes, fragments));
  // Computed keys, so that a key `__proto__` is a key like any other.
  const members = fields.map(([key], index) => {
    const name = key === "__proto__" ? `[${JSON.stringify(key)}]` : JSON.stringify(key);
    return `${name}: read${index}(source, context)`;
  });
  const parameters = reads.map((_, index) => `read${index}`);
  const code = `return (source, context) => ({ ${members.join(", ")} });`;
  return new Function(...parameters, code)(...reads);
}

/** Fields by response key, in the order in which they first occur. */
function collectFields(
  type: GraphQLObjectType,
  selectionSets: readonly SelectionSetNode[],
  fragments: Fragments,
): Map<string, FieldNode[]> {
  const fields = new Map<string, FieldNode[]>();
  const spread = new Set<string>();
  const collect = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value;
        const nodes = fields.get(key);
        if (nodes) nodes.push(selection);
        else fields.set(key, [selection]);
      } else {
        const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : unspread(selection.name.value);
        if (fragment && applies(fragment.typeCondition?.name.value)) collect(fragment.selectionSet);
      }
    }
  };
  const unspread = (name: string): FragmentDefinitionNode | undefined => {
    if (spread.has(name)) return undefined;
    spread.add(name);
    return fragments[name];
  };
  const applies = (condition: string | undefined) =>
    condition === undefined ||
    condition === type.name ||
    type.getInterfaces().some(({ name }) => name === condition);
  selectionSets.forEach(collect);
  return fields;
}

type Read = (source: never, context: unknown) => unknown;

function readField(type: GraphQLObjectType, nodes: readonly FieldNode[], fragments: Fragments): Read {
  const name = nodes[0]?.name.value ?? "";
  if (name === "__typename") return () => type.name;
  const field = type.getFields()[name];
  if (!field) throw new Error(`Expected ${type.name}.${name} to exist: the document was validated.`);
  // The info argument is left out: no resolver of a row needs it.
  const resolve: (source: never, args: object, context: unknown, info: never) => unknown =
    field.resolve ?? ((source) => source[name]);
  const complete = completion(field.type, nodes, fragments);
  return (source, context) => {
    const value = resolve(source, NO_ARGUMENTS, context, undefined as never);
    return value === null || value === undefined ? null : complete(value as never, context);
  };
}

/** Names, texts, numbers and flags of the model are what they serialize to. */
const identity = (value: unknown): unknown => value;

const NO_ARGUMENTS = Object.freeze({});

function completion(type: GraphQLOutputType, nodes: readonly FieldNode[], fragments: Fragments): Read {
  const inner = getNullableType(type);
  if (isLeafType(inner))
    return isScalarType(inner) && !isSpecifiedScalarType(inner)
      ? (value) => inner.serialize(value)
      : identity;
  if (isObjectType(inner)) return createProjection(inner, nodes, fragments);
  throw new Error(`Expected a leaf or an object in a row, got ${type}.`);
}
