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

interface Operation {
  readonly info: Pick<GraphQLResolveInfo, "schema" | "fragments" | "variableValues">;
  /** Whether a condition was met so far. */
  isConditional: boolean;
}

/** Fields that are answered from host results. */
const HOST_FIELDS: ReadonlySet<string> = new Set([
  "JobInstance.hostSummary",
  "StepInstance.hostResults",
  "StepInstance.hostGroups",
  "StepInstance.hostSummary",
]);

/** Tells the needs of the field that `info` resolves, read from its whole selection. */
export function createNeeds(): (info: GraphQLResolveInfo) => Needs {
  // A document's field nodes are the same objects each time it runs.
  const known = new WeakMap<FieldNode, { readonly nodes: readonly FieldNode[]; readonly needs: Needs }>();
  return (info) => {
    const { fieldNodes } = info;
    const [first] = fieldNodes;
    const found = first && known.get(first);
    if (
      found?.nodes.length === fieldNodes.length &&
      fieldNodes.every((node, index) => node === found.nodes[index])
    )
      return found.needs;
    const { needs, isConditional } = search(info);
    if (first && !isConditional) known.set(first, { nodes: fieldNodes, needs });
    return needs;
  };
}

/** @returns the needs, and whether they depend on conditions, which variables can decide otherwise next time. */
function search(info: GraphQLResolveInfo): { needs: Needs; isConditional: boolean } {
  const operation: Operation = { info, isConditional: false };
  const forHosts: Search = {
    isFound: (type, node, parent) =>
      HOST_FIELDS.has(`${parent}.${node.name.value}`)
        ? forContent.isFound(type, node, parent)
        : someField(operation, type, node, forHosts),
    searched: new Set(),
  };

  const forContent: Search = {
    isFound: (type, node) =>
      // What is there without its content is known beforehand: an object is, a list's length and a value are not.
      isListType(getNullableType(type)) || !node.selectionSet || someField(operation, type, node, forContent),
    searched: new Set(),
  };

  const isFound = info.fieldNodes.some((node) => someField(operation, info.returnType, node, forHosts));
  return { needs: isFound ? "hosts" : "status", isConditional: operation.isConditional };
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
    selectionSet.selections.some((selection) => {
      if (selection.directives?.length) operation.isConditional = true;
      return isIncluded(selection, operation.info.variableValues) && passesOne(selection, typeName);
    });

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
        const fragment = operation.info.fragments[name];
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

function fieldOf({ info: { schema } }: Operation, typeName: string, fieldName: string) {
  const type = schema.getType(typeName);
  return isObjectType(type) || isInterfaceType(type) ? type.getFields()[fieldName] : undefined;
}
