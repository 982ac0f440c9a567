/** Decodes the IAM data of a denied call (`error.data`). */
import type {
  IamAction,
  IamApplication,
  IamRelatedResourceType,
  IamResourceNode,
} from "../model/job-instance.ts";
import {
  ContractViolation,
  decodeList,
  decodeObject,
  decodeOptionalList,
  decodeOptionalString,
  decodeString,
} from "./decoders.ts";

/**
 * The permissions to apply for. Null if there are none, or if they violate the contract: the call was denied in any
 * case.
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
  const data = decodeObject(value, "");
  return {
    systemId: decodeString(data.system_id, "system_id"),
    systemName: decodeOptionalString(data.system_name, "system_name"),
    actions: decodeOptionalList(data.actions, "actions", decodeAction),
  };
}

function decodeAction(value: unknown): IamAction {
  const action = decodeObject(value, "");
  return {
    id: decodeString(action.id, "id"),
    name: decodeOptionalString(action.name, "name"),
    relatedResourceTypes: decodeOptionalList(
      action.related_resource_types,
      "related_resource_types",
      decodeRelatedResourceType,
    ),
  };
}

function decodeRelatedResourceType(value: unknown): IamRelatedResourceType {
  const type = decodeObject(value, "");
  return {
    systemId: decodeString(type.system_id, "system_id"),
    systemName: decodeOptionalString(type.system_name, "system_name"),
    type: decodeString(type.type, "type"),
    typeName: decodeOptionalString(type.type_name, "type_name"),
    instances: decodeOptionalList(type.instances, "instances", decodePath),
  };
}

/** A resource path from root to leaf. */
const decodePath = (value: unknown): IamResourceNode[] => decodeList(value, "", decodeNode);

function decodeNode(value: unknown): IamResourceNode {
  const node = decodeObject(value, "");
  return {
    id: decodeString(node.id, "id"),
    type: decodeString(node.type, "type"),
    name: decodeOptionalString(node.name, "name"),
    typeName: decodeOptionalString(node.type_name, "type_name"),
  };
}
