/**
 * The plan of an operation: its selections, with fields collected and merged as the GraphQL specification requires,
 * conditions (`@skip`, `@include`) evaluated, and types and resolvers looked up. The executor walks over the plan once.
 * A plan depends only on the document and on the values of the variables in conditions.
 *
 * `{ a: jobInstance(ref: $r) { ... on JobInstance { name } } }` becomes
 *
 *     Query ── a: jobInstance ─┬─ JobInstance ── name: String!
 *                              ├─ JobInstanceNotFound   (nothing selected)
 *                              └─ PermissionDenied      (nothing selected)
 */
import type { FieldNode, FragmentDefinitionNode, GraphQLObjectType, OperationDefinitionNode } from "graphql";
import type { RequiredData } from "../../model/job-instance.ts";
import type { GraphQLContext } from "../context.ts";
import type { RowWriter } from "./output.ts";

/** Values of variables by name. */
export type Variables = Readonly<Record<string, unknown>>;

/** The fields selected on one object type, in the order of the response. */
export interface ObjectPlan {
  readonly type: GraphQLObjectType;
  readonly fields: readonly FieldPlan[];
  /** Set if a condition in this selection cannot be evaluated: writing the object throws the error. */
  readonly failure: { readonly error: unknown } | null;
}

export interface FieldPlan {
  readonly responseKey: string;
  /** All field nodes with this response key, for the locations of errors. */
  readonly nodes: readonly FieldNode[];
  readonly name: string;
  readonly parentType: GraphQLObjectType;
  readonly value: ValuePlan;
  /** The JSON before the value: `{"name":` for the first field, `,"name":` for the others. */
  readonly prefix: string;
  /** Calls the resolver with its arguments. @throws what the resolver throws; GraphQLError for invalid arguments */
  readonly resolve: (source: unknown, variables: Variables, context: GraphQLContext) => unknown;
  /** Creates the source stream of a subscription's root field; null for other fields. */
  readonly subscribe: FieldPlan["resolve"] | null;
  /** What a root field requires from the upstream; `status` for other fields. */
  readonly requiredData: RequiredData;
}

interface Nullable {
  readonly isNullable: boolean;
}

interface Pausable {
  /** Whether the walk can yield while writing the value: it contains host results or very many fields. */
  readonly isPausable: boolean;
}

/** How a value is written as JSON. */
export type ValuePlan =
  | (Nullable & { readonly kind: "leaf"; readonly toJson: (value: unknown) => string })
  | ListPlan
  | (Nullable &
      Pausable & {
        readonly kind: "object";
        readonly planOf: (value: unknown) => ObjectPlan;
        readonly plans: readonly ObjectPlan[];
      })
  /** A list of host results. The writer writes it from the source of the field, without calling resolvers. */
  | (Nullable & { readonly kind: "rows"; readonly list: ListPlan; readonly writer: RowWriter });

/** Whether the walk can yield while writing the value. */
export const isPausable = (plan: ValuePlan): boolean =>
  plan.kind === "rows" || (plan.kind !== "leaf" && plan.isPausable);

type ListPlan = Nullable & Pausable & { readonly kind: "list"; readonly item: ValuePlan };

export interface Plan {
  readonly root: ObjectPlan;
  /** What the root field with this response key requires from the upstream (look-ahead). */
  readonly requiredData: (responseKey: string | number) => RequiredData;
}

/** An operation and the fragments that it uses. */
export interface PlanSource {
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
}
