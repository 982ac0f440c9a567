/**
 * Look-ahead: what a root field requires from the upstream. Host results are megabytes, so they are requested only when
 * the selection contains something that cannot be answered without them.
 */
import type { RequiredData } from "../../model/job-instance.ts";
import type { ObjectPlan, ValuePlan } from "./plan.ts";

/** Fields that are answered from host results. */
const HOST_FIELDS: ReadonlySet<string> = new Set([
  "JobInstance.hostSummary",
  "StepInstance.hostResults",
  "StepInstance.hostGroups",
  "StepInstance.hostSummary",
]);

export const isHostField = (parentType: string, field: string): boolean =>
  HOST_FIELDS.has(`${parentType}.${field}`);

/** `hosts` when a host field with content is selected anywhere below the value. */
export const requiredDataOf = (value: ValuePlan): RequiredData =>
  someObject(value, selectsHosts) ? "hosts" : "status";

const selectsHosts = ({ type, fields }: ObjectPlan): boolean =>
  fields.some(({ name, value }) =>
    isHostField(type.name, name) ? hasContent(value) : someObject(value, selectsHosts),
  );

/**
 * Whether a host field's value depends on host results. An object is there whatever they are, so `__typename` in it
 * requires nothing; a list's length and a value depend on them.
 */
const hasContent = (value: ValuePlan): boolean =>
  value.kind !== "object" ||
  someObject(value, ({ fields }) =>
    fields.some((field) => field.name !== "__typename" && hasContent(field.value)),
  );

/** Whether the test holds for one of the object types that the value can be. */
function someObject(value: ValuePlan, test: (plan: ObjectPlan) => boolean): boolean {
  switch (value.kind) {
    case "leaf":
      return false;
    case "list":
      return someObject(value.item, test);
    case "rows":
      return someObject(value.list, test);
    case "object":
      return value.plans.some(test);
  }
}
