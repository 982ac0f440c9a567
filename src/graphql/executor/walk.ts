/**
 * The walk over a plan: writes values to the output, each in its place.
 *
 * What can take long (lists of host results, groups, very many fields) is written by generators, which pause when the
 * walk has held the event loop for a while. Everything else is written by plain functions, at a fraction of the cost.
 */
import { type GraphQLError, locatedError } from "graphql";
import type { GraphQLContext } from "../context.ts";
import type { HostConnectionSource } from "../sources.ts";
import { ResponseTooLarge } from "./json-sink.ts";
import { addRows, type Checkpoint, checkpointOf, checkSize, type Output, rollBack } from "./output.ts";
import type { FieldPlan, ObjectPlan, ValuePlan, Variables } from "./plan.ts";

/** The state of one walk. */
export interface Walk {
  readonly variables: Variables;
  readonly context: GraphQLContext;
  readonly output: Output;
  readonly errors: GraphQLError[];
  /** Where in the response the walk is. */
  readonly path: (string | number)[];
  /** When to pause, on the clock of `performance.now()`. */
  pauseAt: number;
}

/** Each `yield` is a place to pause. */
export type Steps = Generator<void, void, void>;

/** An item of a list that failed: it is thrown where the item is written. */
export class FailedItem {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/** What a root field's resolver returned: a value or items, all settled, or what it threw. */
export type Settled = { readonly value: unknown } | { readonly error: unknown };

/** Writes the response's data from what the root fields' resolvers returned. @throws the error of a non-null root field */
export function* writeRoot(walk: Walk, root: ObjectPlan, results: readonly Settled[]): Steps {
  if (root.failure) throw root.failure.error;
  for (const [index, field] of root.fields.entries()) {
    walk.output.text += field.prefix;
    const settled = results[index];
    yield* writeField(walk, field, () => {
      if (!settled) throw new Error("Expected root fields after a fatal error not to be written.");
      if ("error" in settled) throw settled.error;
      return settled.value;
    });
  }
  walk.output.text += root.fields.length > 0 ? "}" : "{}";
}

/** Writes an object whose fields may take long. */
function* writeObject(walk: Walk, plan: ObjectPlan, source: unknown): Steps {
  if (plan.failure) throw plan.failure.error;
  const { output } = walk;
  for (const field of plan.fields) {
    output.text += field.prefix;
    const { value } = field;
    if (value.kind === "rows") yield* writeRowsField(walk, field, value, source);
    else if (value.kind !== "leaf" && value.isPausable)
      yield* writeField(walk, field, () => read(walk, field, source));
    else writeShortField(walk, field, source);
  }
  output.text += plan.fields.length > 0 ? "}" : "{}";
}

/** Writes an object without pauses. */
function writeShortObject(walk: Walk, plan: ObjectPlan, source: unknown): void {
  if (plan.failure) throw plan.failure.error;
  const { output } = walk;
  for (const field of plan.fields) {
    output.text += field.prefix;
    writeShortField(walk, field, source);
  }
  output.text += plan.fields.length > 0 ? "}" : "{}";
}

const read = ({ variables, context }: Walk, field: FieldPlan, source: unknown): unknown =>
  field.resolve(source, variables, context);

type Rows = Extract<ValuePlan, { kind: "rows" }>;

/** Rows are written from the page that the source holds, without an object for each. */
function* writeRowsField(walk: Walk, field: FieldPlan, plan: Rows, source: unknown): Steps {
  yield* attempt(walk, field, plan.isNullable, field.responseKey, function* () {
    // Filtering and ordering happen here.
    if (performance.now() >= walk.pauseAt) yield;
    // The parent type of rows has this source.
    addRows(walk.output, plan.writer(source as HostConnectionSource));
  });
}

/** Writes a field that may take long. */
function* writeField(walk: Walk, field: FieldPlan, resolve: () => unknown): Steps {
  yield* attempt(walk, field, field.value.isNullable, field.responseKey, function* () {
    if (performance.now() >= walk.pauseAt) yield;
    yield* writeValue(walk, field, field.value, resolve());
  });
}

function writeShortField(walk: Walk, field: FieldPlan, source: unknown): void {
  const { value } = field;
  const checkpoint = checkpointOf(walk.output);
  const depth = walk.path.push(field.responseKey);
  try {
    writeShortValue(walk, field, value, read(walk, field, source));
  } catch (error) {
    replaceByNull(walk, field, value.isNullable, error, depth, checkpoint);
  }
  walk.path.length = depth - 1;
}

function* writeValue(walk: Walk, field: FieldPlan, plan: ValuePlan, value: unknown): Steps {
  if (value instanceof FailedItem) throw value.error;
  if (plan.kind === "rows") return yield* writeValue(walk, field, plan.list, value);
  if (value === null || value === undefined || plan.kind === "leaf" || !plan.isPausable) {
    writeShortValue(walk, field, plan, value);
  } else if (plan.kind === "object") {
    yield* writeObject(walk, plan.planOf(value), value);
  } else {
    yield* writeList(walk, field, plan.item, value);
  }
}

function writeShortValue(walk: Walk, field: FieldPlan, plan: ValuePlan, value: unknown): void {
  if (value instanceof FailedItem) throw value.error;
  if (value === null || value === undefined) {
    if (!plan.isNullable) throw nullError(field);
    walk.output.text += "null";
  } else if (plan.kind === "leaf") {
    walk.output.text += plan.toJson(value);
  } else if (plan.kind === "object") {
    writeShortObject(walk, plan.planOf(value), value);
  } else {
    writeShortList(walk, field, plan.kind === "rows" ? plan.list : plan, value);
  }
}

function* writeList(walk: Walk, field: FieldPlan, item: ValuePlan, value: unknown): Steps {
  const { output } = walk;
  output.text += "[";
  for (const [index, each] of listOf(field, value).entries()) {
    if (index > 0) output.text += ",";
    checkSize(output);
    if (performance.now() >= walk.pauseAt) yield;
    if (item.kind !== "leaf" && item.kind !== "rows" && item.isPausable) {
      yield* attempt(walk, field, item.isNullable, index, () => writeValue(walk, field, item, each));
    } else writeShortItem(walk, field, item, index, each);
  }
  output.text += "]";
}

function writeShortList(walk: Walk, field: FieldPlan, plan: ValuePlan, value: unknown): void {
  const { output } = walk;
  const item = itemOf(plan, field);
  output.text += "[";
  for (const [index, each] of listOf(field, value).entries()) {
    if (index > 0) output.text += ",";
    checkSize(output);
    writeShortItem(walk, field, item, index, each);
  }
  output.text += "]";
}

function writeShortItem(walk: Walk, field: FieldPlan, item: ValuePlan, index: number, value: unknown): void {
  const checkpoint = checkpointOf(walk.output);
  const depth = walk.path.push(index);
  try {
    writeShortValue(walk, field, item, value);
  } catch (error) {
    replaceByNull(walk, field, item.isNullable, error, depth, checkpoint);
  }
  walk.path.length = depth - 1;
}

function listOf({ parentType, name }: FieldPlan, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`Expected a list for ${parentType.name}.${name}.`);
  return value;
}

function itemOf(plan: ValuePlan, { parentType, name }: FieldPlan): ValuePlan {
  if (plan.kind !== "list") throw new Error(`Expected the plan of ${parentType.name}.${name} to be a list.`);
  return plan.item;
}

/** Runs steps that write what stands at `key`. When they throw, null takes its place if it may be null. */
function* attempt(
  walk: Walk,
  field: FieldPlan,
  isNullable: boolean,
  key: string | number,
  steps: () => Steps,
): Steps {
  const checkpoint = checkpointOf(walk.output);
  const depth = walk.path.push(key);
  try {
    yield* steps();
  } catch (error) {
    replaceByNull(walk, field, isNullable, error, depth, checkpoint);
  }
  walk.path.length = depth - 1;
}

/**
 * Notes the error of what stands at the first `depth` parts of the path, and takes back what was written of it.
 * @throws the error, with its place, when it may not be null.
 */
function replaceByNull(
  walk: Walk,
  field: FieldPlan,
  isNullable: boolean,
  error: unknown,
  depth: number,
  checkpoint: Checkpoint,
): void {
  const { output, path, errors } = walk;
  if (error instanceof ResponseTooLarge) throw error;
  path.length = depth;
  const located = locatedError(error, field.nodes, [...path]);
  if (!isNullable) throw located;
  errors.push(located);
  rollBack(output, checkpoint);
  output.text += "null";
}

const nullError = ({ parentType, name }: FieldPlan): Error =>
  new Error(`Expected a value for ${parentType.name}.${name}, which must not be null.`);
