/**
 * What an operation needs of a job. Host results are megabytes, so they are asked for only when the selection
 * holds something that cannot be answered without them.
 */
import {
  type FieldNode,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import type { Needs } from "../model/job-instance.ts";
import { isIncluded } from "./executor/conditions.ts";

type Operation = Pick<GraphQLResolveInfo, "schema" | "fragments" | "variableValues">;

/** Fields that are answered from host results. */
const HOST_FIELDS: ReadonlySet<string> = new Set([
  "JobInstance.hostSummary",
  "StepInstance.hostResults",
  "StepInstance.hostGroups",
  "StepInstance.hostSummary",
]);

/** The needs of the field that `info` resolves, read from its whole selection. */
export function needsOf(info: GraphQLResolveInfo): Needs {
  const forHosts: Search = {
    isFound: (type, node, parent) =>
      HOST_FIELDS.has(`${parent}.${node.name.value}`)
        ? forContent.isFound(type, node, parent)
        : someField(info, type, node, forHosts),
    searched: new Set(),
  };

  const forContent: Search = {
    isFound: (type, node) =>
      // What is there without its content is known beforehand: an object is, a list's length and a value are not.
      isListType(getNullableType(type)) || !node.selectionSet || someField(info, type, node, forContent),
    searched: new Set(),
  };

  return info.fieldNodes.some((node) => someField(info, info.returnType, node, forHosts))
    ? "hosts"
    : "status";
}

/** A search of the selection. */
interface Search {
  readonly isFound: (type: GraphQLOutputType, node: FieldNode, parent: string) => boolean;
  /**
   * Names of fragments that hold nothing of interest. They are not searched again, as a few fragments that
   * spread each other twice would take for ever.
   */
  readonly searched: Set<string>;
}

/** True when a field selected below `node`, which is of `type`, ends the search. `__typename` never does. */
function someField(
  operation: Operation,
  type: GraphQLOutputType,
  node: FieldNode,
  { isFound, searched }: Search,
): boolean {
  const passes = (selectionSet: SelectionSetNode, typeName: string): boolean =>
    selectionSet.selections.some(
      (selection) => isIncluded(selection, operation.variableValues) && passesOne(selection, typeName),
    );

  const passesOne = (selection: SelectionNode, typeName: string): boolean => {
    switch (selection.kind) {
      case Kind.FIELD: {
        const field = fieldOf(operation, typeName, selection.name.value);
        return field !== undefined && isFound(field.type, selection, typeName);
      }
      case Kind.INLINE_FRAGMENT:
        return passes(selection.selectionSet, selection.typeCondition?.name.value ?? typeName);
      case Kind.FRAGMENT_SPREAD: {
        const name = selection.name.value;
        const fragment = operation.fragments[name];
        if (fragment === undefined || searched.has(name)) return false;
        // Beforehand, as the search ends with the first find: a fragment met again held none.
        searched.add(name);
        return passes(fragment.selectionSet, fragment.typeCondition.name.value);
      }
    }
  };

  const named = getNamedType(type);
  return node.selectionSet !== undefined && isCompositeType(named) && passes(node.selectionSet, named.name);
}

function fieldOf({ schema }: Operation, typeName: string, fieldName: string) {
  const type = schema.getType(typeName);
  return isObjectType(type) || isInterfaceType(type) ? type.getFields()[fieldName] : undefined;
}
