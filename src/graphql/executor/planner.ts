/**
 * Builds the plan of an operation from its document and the schema; `plan.ts` has an example of the result.
 *
 * graphql-js collects fields and looks up types, resolvers and arguments again for every object of a response. Here
 * this happens once per document. A field of an abstract type is planned once for each of its object types, so
 * `jobInstance { ... on JobInstance { name } }` has plans for JobInstance (one field), JobInstanceNotFound and
 * PermissionDenied (no fields), and `planOf(value)` chooses one of them.
 *
 * The selection `steps { hostResults { totalCount nodes { ip } } }` of a job becomes, from the inside out:
 *
 *     nodes        rows, with a writer for the steps of `{"ip":…}`; look-ahead uses its list plan
 *     totalCount   leaf, whose `toJson` is shared by all fields of type Int
 *     hostResults  object HostResultConnection; pausable, because `nodes` is
 *     steps        list of objects StepInstance; pausable, because `hostResults` is
 *     jobInstance  requires `hosts`, because look-ahead finds `hostResults` in it
 */
import {
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
} from "graphql";
import { collectFields, collectSubfields } from "graphql/execution/collectFields.js";
import type { RequiredData } from "../../model/job-instance.ts";
import type { GraphQLContext } from "../context.ts";
import { createReadArguments } from "./arguments.ts";
import { isHostField, requiredDataOf } from "./look-ahead.ts";
import {
  type FieldPlan,
  isPausable,
  type ObjectPlan,
  type Plan,
  type PlanSource,
  type ValuePlan,
  type Variables,
} from "./plan.ts";
import { createRowWriters, isRowField } from "./row-writer.ts";

/** Builds the plan of a validated operation. Only variables in conditions have an effect on it. */
export type Planner = (source: PlanSource, variables: Variables) => Plan;

export function createPlanner(schema: GraphQLSchema): Planner {
  const leaves = new Map<GraphQLLeafType, (value: unknown) => string>();
  const tools: PlannerTools = {
    toJsonOf: (type) => {
      const toJson = leaves.get(type) ?? createToJson(type);
      leaves.set(type, toJson);
      return toJson;
    },
    createRowWriter: createRowWriters(),
  };
  return (source, variables) => {
    const { operation } = source;
    const rootType = schema.getRootType(operation.operation);
    if (!rootType) throw new Error(`Expected the schema to have a type for a ${operation.operation}.`);
    const root = createPlanBuilder(schema, source, variables, tools).rootPlan(rootType);
    const byKey = new Map<string | number, RequiredData>(
      root.fields.map(({ responseKey, requiredData }) => [responseKey, requiredData]),
    );
    return { root, requiredData: (responseKey) => byKey.get(responseKey) ?? "status" };
  };
}

/** What all plans share: serializers of leaf types, and the cache of compiled row writers. */
interface PlannerTools {
  readonly toJsonOf: (type: GraphQLLeafType) => (value: unknown) => string;
  readonly createRowWriter: ReturnType<typeof createRowWriters>;
}

/** Three mutually recursive functions: objects have fields, fields have values, and values can be objects. */
function createPlanBuilder(
  schema: GraphQLSchema,
  { operation, fragments }: PlanSource,
  variables: Variables,
  { toJsonOf, createRowWriter }: PlannerTools,
) {
  // `collect` is graphql-js's CollectFields: it merges selections by response key and evaluates conditions. It throws
  // for a condition whose variable has no value, which is an error of the object, not of the whole operation.
  const objectPlan = (
    type: GraphQLObjectType,
    collect: () => ReadonlyMap<string, readonly FieldNode[]>,
  ): ObjectPlan => {
    let collected: ReadonlyMap<string, readonly FieldNode[]>;
    try {
      collected = collect();
    } catch (error) {
      return { type, fields: [], failure: { error } };
    }
    const fields = Array.from(collected, ([key, nodes], index) => fieldPlan(type, key, nodes, index === 0));
    return { type, fields, failure: null };
  };

  /** @param nodes the field nodes that were merged: their names and arguments are equal, their selections may differ */
  const fieldPlan = (
    parentType: GraphQLObjectType,
    responseKey: string,
    nodes: readonly FieldNode[],
    isFirst: boolean,
  ): FieldPlan => {
    const [node] = nodes;
    if (!node) throw new Error("Expected a field to have a node.");
    const name = node.name.value;
    const prefix = `${isFirst ? "{" : ","}${JSON.stringify(responseKey)}:`;
    const common = { responseKey, nodes, name, parentType, prefix };
    // `__typename` is a constant: an object plan is for one object type.
    if (name === "__typename") {
      const json = JSON.stringify(parentType.name);
      const value: ValuePlan = { kind: "leaf", isNullable: false, toJson: () => json };
      const resolve = () => parentType.name;
      return { ...common, value, resolve, subscribe: null, requiredData: "status" };
    }
    const definition = fieldDefinition(schema, parentType, name);
    const plain = valuePlan(definition.type, nodes, true);
    // Host results get a row writer. The fields that compute them (filters, groups, counts) only become pausable.
    const value = isRowField(parentType.name, name)
      ? rowsPlan(plain, createRowWriter)
      : isHostField(parentType.name, name)
        ? pausable(plain)
        : plain;
    const requiredData =
      schema.getRootType(operation.operation) === parentType ? requiredDataOf(value) : "status";
    return { ...common, value, ...bindResolvers(schema, definition, node, responseKey), requiredData };
  };

  /** Unwraps the type: `[StepInstance!]!` becomes a non-null list of non-null objects. */
  const valuePlan = (
    type: GraphQLOutputType,
    nodes: readonly FieldNode[],
    isNullable: boolean,
  ): ValuePlan => {
    if (isNonNullType(type)) return valuePlan(type.ofType, nodes, false);
    if (isListType(type)) {
      const item = valuePlan(type.ofType, nodes, true);
      return { kind: "list", isNullable, item, isPausable: isPausable(item) };
    }
    if (isLeafType(type)) return { kind: "leaf", isNullable, toJson: toJsonOf(type) };
    const plans = (isObjectType(type) ? [type] : schema.getPossibleTypes(type)).map((objectType) =>
      objectPlan(objectType, () => collectSubfields(schema, fragments, variables, objectType, nodes)),
    );
    const isLong = plans.some(
      ({ fields }) => fields.length > MAX_SHORT_FIELDS || fields.some((field) => isPausable(field.value)),
    );
    return { kind: "object", isNullable, isPausable: isLong, plans, planOf: createPlanOf(type, plans) };
  };

  return {
    rootPlan: (type: GraphQLObjectType) =>
      objectPlan(type, () => collectFields(schema, fragments, variables, type, operation.selectionSet)),
  };
}

/** While writing an object with more fields, the walk can yield. */
const MAX_SHORT_FIELDS = 50;

/** For fields that filter, group or count host results, which takes long even if the selection is small. */
const pausable = (plan: ValuePlan): ValuePlan =>
  plan.kind === "list" || plan.kind === "object" ? { ...plan, isPausable: true } : plan;

/** Creates the plan of host results. If a condition in it cannot be evaluated, the ordinary walk reports the error. */
function rowsPlan(list: ValuePlan, createRowWriter: PlannerTools["createRowWriter"]): ValuePlan {
  if (list.kind !== "list" || list.item.kind !== "object") return list;
  const [plan] = list.item.plans;
  if (!plan || hasFailure(plan)) return list;
  return { kind: "rows", isNullable: list.isNullable, list, writer: createRowWriter(plan) };
}

const hasFailure = ({ failure, fields }: ObjectPlan): boolean =>
  failure !== null || fields.some(({ value }) => value.kind === "object" && value.plans.some(hasFailure));

function fieldDefinition(
  schema: GraphQLSchema,
  parentType: GraphQLObjectType,
  name: string,
): GraphQLField<unknown, GraphQLContext> {
  if (parentType === schema.getQueryType()) {
    if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
    if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
  }
  const field = parentType.getFields()[name];
  if (!field)
    throw new Error(`Expected a validated document, got the unknown field ${parentType.name}.${name}.`);
  return field;
}

/** Binds the resolvers of a field to its arguments in the document. */
function bindResolvers(
  schema: GraphQLSchema,
  definition: GraphQLField<unknown, GraphQLContext>,
  node: FieldNode,
  responseKey: string,
): Pick<FieldPlan, "resolve" | "subscribe"> {
  const { name, resolve, subscribe } = definition;
  // Resolvers read only the response key from `info`: it is what `context.requiredData` takes.
  const info = { schema, path: { key: responseKey } } as never;
  const argumentsOf = createReadArguments(definition, node);
  return {
    resolve: resolve
      ? (source, variables, context) => resolve(source, argumentsOf(variables), context, info)
      : // Without a resolver, a field is the property of that name, as in graphql-js. Sources have no methods.
        (source) => (source as Readonly<Record<string, unknown>>)[name],
    subscribe: subscribe
      ? (source, variables, context) => subscribe(source, argumentsOf(variables), context, info)
      : null,
  };
}

/** Creates the serializer of a leaf type. The JSON of enum values is cached. */
function createToJson(type: GraphQLLeafType): (value: unknown) => string {
  const toJson = (value: unknown): string => {
    const serialized = type.serialize(value);
    if (serialized === undefined || serialized === null) {
      throw new Error(`Expected ${type.name} to serialize a value, got ${String(serialized)}.`);
    }
    return typeof serialized === "string" ? toJsonString(serialized) : JSON.stringify(serialized);
  };
  if (!isEnumType(type)) return toJson;
  const known = new Map<unknown, string>(
    type.getValues().map(({ name, value }) => [value, toJsonString(name)]),
  );
  return (value) => known.get(value) ?? toJson(value);
}

/** For longer strings, `JSON.stringify` is faster. */
const MAX_SHORT_LENGTH = 64;

/** Returns the same as `JSON.stringify`. For a short string, checking its characters takes less time than that call. */
function toJsonString(string: string): string {
  if (string.length > MAX_SHORT_LENGTH) return JSON.stringify(string);
  for (let at = 0; at < string.length; at += 1) {
    const unit = string.charCodeAt(at);
    // Control characters, `"`, `\`, and surrogates, of which unpaired ones are escaped.
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || (unit >= 0xd800 && unit <= 0xdfff))
      return JSON.stringify(string);
  }
  return `"${string}"`;
}

/** Creates the function that chooses the plan for a value: by its type, which the schema's type resolver determines. */
function createPlanOf(
  type: GraphQLCompositeType,
  plans: readonly ObjectPlan[],
): (value: unknown) => ObjectPlan {
  const [only] = plans;
  if (isObjectType(type) && only) return () => only;
  const resolveType = isAbstractType(type) ? type.resolveType : undefined;
  if (!resolveType) throw new Error(`Expected ${type.name} to have a type resolver.`);
  const byName = new Map(plans.map((plan) => [plan.type.name, plan]));
  return (value) => {
    // The type resolvers of this schema use only the value, and return the name of the type.
    const name = String(resolveType(value, undefined, undefined as never, type as never));
    const plan = byName.get(name);
    if (!plan) throw new Error(`Expected ${type.name} to be one of its types, got ${name}.`);
    return plan;
  };
}
