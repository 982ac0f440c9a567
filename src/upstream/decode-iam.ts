/** The IAM data of a denied call (`error.data`). */
import type {
  IamAction,
  IamApplication,
  IamRelatedResourceType,
  IamResourceNode,
} from "../model/job-instance.ts";
import { ContractViolation, list, object, optionalList, optionalString, string } from "./decoders.ts";

/**
 * What to apply for; null when there is nothing, and when it is not of the documented form: that the call was denied
 * holds all the same.
 */
export function decodeIamApplication(value: unknown): IamApplication | null {
  if (value === undefined || value === null) return null;
  try {
    return decodeApplication(value);
  } catch (error) {
    if (error instanceof ContractViolation) return null;
    throw error;
  }
}

function decodeApplication(value: unknown): IamApplication {
  const data = object(value, "");
  return {
    systemId: string(data.system_id, "system_id"),
    systemName: optionalString(data.system_name, "system_name"),
    actions: optionalList(data.actions, "actions", decodeAction),
  };
}

function decodeAction(value: unknown): IamAction {
  const action = object(value, "");
  return {
    id: string(action.id, "id"),
    name: optionalString(action.name, "name"),
    relatedResourceTypes: optionalList(
      action.related_resource_types,
      "related_resource_types",
      decodeRelatedResourceType,
    ),
  };
}

function decodeRelatedResourceType(value: unknown): IamRelatedResourceType {
  const type = object(value, "");
  return {
    systemId: string(type.system_id, "system_id"),
    systemName: optionalString(type.system_name, "system_name"),
    type: string(type.type, "type"),
    typeName: optionalString(type.type_name, "type_name"),
    instances: optionalList(type.instances, "instances", decodePath),
  };
}

/** One path from root to leaf. */
const decodePath = (value: unknown): IamResourceNode[] => list(value, "", decodeNode);

function decodeNode(value: unknown): IamResourceNode {
  const node = object(value, "");
  return {
    id: string(node.id, "id"),
    type: string(node.type, "type"),
    name: optionalString(node.name, "name"),
    typeName: optionalString(node.type_name, "type_name"),
  };
}
