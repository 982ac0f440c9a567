/**
 * Look-ahead: determines from the selection of a root field what the lookup requires from the upstream. Host results
 * are megabytes, so they are requested only if a selected field needs them.
 */
import type { RequiredData } from "../../model/job-instance.ts";
import type { ObjectPlan, ValuePlan } from "./plan.ts";

/** The fields that are computed from host results. */
const HOST_FIELDS: ReadonlySet<string> = new Set([
  "JobInstance.hostSummary",
  "StepInstance.hostResults",
  "StepInstance.hostGroups",
  "StepInstance.hostSummary",
]);

export const isHostField = (parentType: string, field: string): boolean =>
  HOST_FIELDS.has(`${parentType}.${field}`);

/** @returns `hosts` if a host field with content is selected anywhere in the value, else `status` */
export const requiredDataOf = (value: ValuePlan): RequiredData =>
  someObject(value, selectsHosts) ? "hosts" : "status";

const selectsHosts = ({ type, fields }: ObjectPlan): boolean =>
  fields.some(({ name, value }) =>
    isHostField(type.name, name) ? hasContent(value) : someObject(value, selectsHosts),
  );

/**
 * Whether the value of a host field depends on host results. Leaf values and the lengths of lists do. An object itself
 * always exists, so `hostSummary { __typename }` requires nothing.
 */
const hasContent = (value: ValuePlan): boolean =>
  value.kind !== "object" ||
  someObject(value, ({ fields }) =>
    fields.some((field) => field.name !== "__typename" && hasContent(field.value)),
  );

/** Whether the predicate is true for a plan of the value: there is one per object type that the value can have. */
function someObject(value: ValuePlan, predicate: (plan: ObjectPlan) => boolean): boolean {
  switch (value.kind) {
    case "leaf":
      return false;
    case "list":
      return someObject(value.item, predicate);
    case "rows":
      return someObject(value.list, predicate);
    case "object":
      return value.plans.some(predicate);
  }
}
