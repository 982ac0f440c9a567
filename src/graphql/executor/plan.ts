/**
 * The plan of an operation: its selections merged and ordered as the GraphQL specification collects them, with
 * conditions (`@skip`, `@include`) decided and everything about types looked up. Executing an operation is one walk
 * over its plan. A plan depends on the document and on the values of the variables in conditions, on nothing else.
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

/** Coerced variables. */
export type Variables = Readonly<Record<string, unknown>>;

/** Fields selected on one concrete type, by response key, in the order of the response. */
export interface ObjectPlan {
  readonly type: GraphQLObjectType;
  readonly fields: readonly FieldPlan[];
  /** A condition of this selection that cannot be decided: writing the object throws this. */
  readonly failure: { readonly error: unknown } | null;
}

export interface FieldPlan {
  readonly responseKey: string;
  /** Every field node with this response key: for the locations of errors. */
  readonly nodes: readonly FieldNode[];
  readonly name: string;
  readonly parentType: GraphQLObjectType;
  readonly value: ValuePlan;
  /** What precedes the value in the response: `{"name":` or `,"name":`. */
  readonly prefix: string;
  /** Reads the field's value. @throws whatever the resolver throws, and GraphQLError for bad arguments. */
  readonly resolve: (source: unknown, variables: Variables, context: GraphQLContext) => unknown;
  /** Starts the stream of a subscription's root field; null for every other field. */
  readonly subscribe: FieldPlan["resolve"] | null;
  /** What a root field requires from the upstream; `status` for every other field. */
  readonly requiredData: RequiredData;
}

interface Nullable {
  readonly isNullable: boolean;
}

interface Pausable {
  /** Whether writing it can take long: it leads to host results, or to very many fields. */
  readonly isPausable: boolean;
}

/** How a value becomes JSON. */
export type ValuePlan =
  | (Nullable & { readonly kind: "leaf"; readonly toJson: (value: unknown) => string })
  | (Nullable & Pausable & { readonly kind: "list"; readonly item: ValuePlan })
  | (Nullable &
      Pausable & {
        readonly kind: "object";
        readonly planOf: (value: unknown) => ObjectPlan;
        readonly plans: readonly ObjectPlan[];
      })
  /** A list of host results, which a writer of its own makes from the field's source. */
  | (Nullable & { readonly kind: "rows"; readonly list: ValuePlan; readonly writer: RowWriter });

export interface Plan {
  readonly root: ObjectPlan;
  /** What the root field with this response key requires from the upstream. */
  readonly requiredData: (responseKey: string | number) => RequiredData;
}

/** An operation and the fragments of its document. */
export interface PlanSource {
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
}
