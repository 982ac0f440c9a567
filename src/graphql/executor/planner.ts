/** Builds plans from documents and the schema. Plans are pure data and closures: see `plan.ts` for what they look like. */
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
import type { FieldPlan, ObjectPlan, Plan, PlanSource, ValuePlan, Variables } from "./plan.ts";
import { createRowWriters, isRowField } from "./row-writer.ts";

/** Builds the plan of a valid operation under these variables, of which only those in conditions count. */
export type Planner = (source: PlanSource, variables: Variables) => Plan;

export function createPlanner(schema: GraphQLSchema): Planner {
  const leaves = new Map<GraphQLLeafType, (value: unknown) => string>();
  const tools: Tools = {
    toJsonOf: (type) => {
      const toJson = leaves.get(type) ?? leafToJson(type);
      leaves.set(type, toJson);
      return toJson;
    },
    createRowWriter: createRowWriters(),
  };
  return (source, variables) => {
    const { operation } = source;
    const rootType = schema.getRootType(operation.operation);
    if (!rootType) throw new Error(`Expected the schema to have a type for a ${operation.operation}.`);
    const root = planBuilder(schema, source, variables, tools).rootPlan(rootType);
    const byKey = new Map<string | number, RequiredData>(
      root.fields.map(({ responseKey, requiredData }) => [responseKey, requiredData]),
    );
    return { root, requiredData: (responseKey) => byKey.get(responseKey) ?? "status" };
  };
}

/** What the plans of one schema share. */
interface Tools {
  readonly toJsonOf: (type: GraphQLLeafType) => (value: unknown) => string;
  readonly createRowWriter: ReturnType<typeof createRowWriters>;
}

/** The mutually recursive parts: objects have fields, fields have values, values can be objects. */
function planBuilder(
  schema: GraphQLSchema,
  { operation, fragments }: PlanSource,
  variables: Variables,
  { toJsonOf, createRowWriter }: Tools,
) {
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
    if (name === "__typename") {
      const json = JSON.stringify(parentType.name);
      const value: ValuePlan = { kind: "leaf", isNullable: false, toJson: () => json };
      const resolve = () => parentType.name;
      return { ...common, value, resolve, subscribe: null, requiredData: "status" };
    }
    const definition = fieldDefinition(schema, parentType, name);
    const plain = valuePlan(definition.type, nodes, true);
    const value = isRowField(parentType.name, name)
      ? rowsPlan(plain, createRowWriter)
      : isHostField(parentType.name, name)
        ? pausable(plain)
        : plain;
    const requiredData =
      schema.getRootType(operation.operation) === parentType ? requiredDataOf(value) : "status";
    return { ...common, value, ...createResolvers(schema, definition, node, responseKey), requiredData };
  };

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
    const plans = (isObjectType(type) ? [type] : schema.getPossibleTypes(type)).map((concrete) =>
      objectPlan(concrete, () => collectSubfields(schema, fragments, variables, concrete, nodes)),
    );
    const isLong = plans.some(({ fields }) => fields.length > MAX_SHORT_FIELDS || fields.some(leadsToLong));
    return { kind: "object", isNullable, isPausable: isLong, plans, planOf: planChooser(type, plans) };
  };

  return {
    rootPlan: (type: GraphQLObjectType) =>
      objectPlan(type, () => collectFields(schema, fragments, variables, type, operation.selectionSet)),
  };
}

/** Objects with more fields are written with pauses. */
const MAX_SHORT_FIELDS = 50;

const isPausable = (plan: ValuePlan): boolean =>
  plan.kind === "rows" || (plan.kind !== "leaf" && plan.isPausable);

const leadsToLong = ({ value }: FieldPlan): boolean => isPausable(value);

const pausable = (plan: ValuePlan): ValuePlan =>
  plan.kind === "list" || plan.kind === "object" ? { ...plan, isPausable: true } : plan;

/** The plan of rows, for a row writer unless a condition in it cannot be decided. */
function rowsPlan(list: ValuePlan, createRowWriter: Tools["createRowWriter"]): ValuePlan {
  const [plan] = list.kind === "list" && list.item.kind === "object" ? list.item.plans : [];
  if (!plan || !isDecided(plan)) return list;
  return { kind: "rows", isNullable: list.isNullable, list, writer: createRowWriter(plan) };
}

const isDecided = ({ failure, fields }: ObjectPlan): boolean =>
  failure === null && fields.every(({ value }) => value.kind !== "object" || value.plans.every(isDecided));

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
    throw new Error(`Expected ${parentType.name} to have the field ${name}: documents are validated.`);
  return field;
}

/** The field's resolvers, with its arguments read from the document. */
function createResolvers(
  schema: GraphQLSchema,
  definition: GraphQLField<unknown, GraphQLContext>,
  node: FieldNode,
  responseKey: string,
): Pick<FieldPlan, "resolve" | "subscribe"> {
  const { name, resolve, subscribe } = definition;
  // Resolvers know no more of the operation than this: what else there is to know is in the plan.
  const info = { schema, path: { key: responseKey } } as never;
  const argumentsOf = createReadArguments(definition, node);
  return {
    resolve: resolve
      ? (source, variables, context) => resolve(source, argumentsOf(variables), context, info)
      : // Sources are objects of the model or of GraphQL itself, whose properties have the fields' names.
        (source) => (source as Readonly<Record<string, unknown>>)[name],
    subscribe: subscribe
      ? (source, variables, context) => subscribe(source, argumentsOf(variables), context, info)
      : null,
  };
}

/** Serializes leaf values. Enum values are few, so their JSON is made once. */
function leafToJson(type: GraphQLLeafType): (value: unknown) => string {
  const known = new Map<unknown, string>(
    isEnumType(type) ? type.getValues().map(({ name, value }) => [value, JSON.stringify(name)]) : [],
  );
  return (value) => {
    const json = known.get(value);
    if (json !== undefined) return json;
    const serialized = type.serialize(value);
    if (serialized === undefined || serialized === null) {
      throw new Error(`Expected ${type.name} to serialize a value, got ${String(serialized)}.`);
    }
    return JSON.stringify(serialized);
  };
}

/** Finds the plan for a value: that of the only type, or that of the type which the schema's type resolver names. */
function planChooser(
  type: GraphQLCompositeType,
  plans: readonly ObjectPlan[],
): (value: unknown) => ObjectPlan {
  const [only] = plans;
  if (isObjectType(type) && only) return () => only;
  const resolveType = isAbstractType(type) ? type.resolveType : undefined;
  if (!resolveType) throw new Error(`Expected ${type.name} to have a type resolver.`);
  const byName = new Map(plans.map((plan) => [plan.type.name, plan]));
  return (value) => {
    // The schema's type resolvers look at the value alone, and return the type's name.
    const name = String(resolveType(value, undefined, undefined as never, type as never));
    const plan = byName.get(name);
    if (!plan) throw new Error(`Expected ${type.name} to be one of its types, got ${name}.`);
    return plan;
  };
}
