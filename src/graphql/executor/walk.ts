/**
 * Walks over a plan and writes the response. For the plan in `plan.ts` and a job named "deploy", the walk appends
 *
 *     {"a":          prefix of the root field `a`
 *     {"name":       prefix of `name`, from the plan for the type JobInstance
 *     "deploy"       value of the leaf, followed by `}}`
 *
 * There are two forms of each function. Generators write what can take long (lists of host results, groups, very many
 * fields) and yield when the walk has blocked the event loop for a while. Functions with "Short" in their name write
 * everything else, without the cost of a generator per field.
 *
 * Errors are handled as the GraphQL specification requires: an error nulls its field. If the field is non-null, the
 * error propagates to the nearest nullable field or list item above, whose text is rolled back and replaced by `null`.
 */
import { type GraphQLError, locatedError } from "graphql";
import type { GraphQLContext } from "../context.ts";
import type { HostConnectionSource } from "../sources.ts";
import { ResponseTooLarge } from "./json-sink.ts";
import { addRows, type Checkpoint, checkpointOf, checkSize, type Output, rollBack } from "./output.ts";
import { type FieldPlan, isPausable, type ObjectPlan, type ValuePlan, type Variables } from "./plan.ts";

/** The state of one walk. */
export interface Walk {
  readonly variables: Variables;
  readonly context: GraphQLContext;
  readonly output: Output;
  readonly errors: GraphQLError[];
  /** Path of the value that is being written, for errors. */
  readonly path: (string | number)[];
  /** When to yield, in the time of `performance.now()`. */
  pauseAt: number;
}

/** Work that can be interrupted at each `yield`. */
export type Work = Generator<void, void, void>;

/** A list item whose promise was rejected. Its error is thrown when the walk reaches the item. */
export class FailedItem {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/** The outcome of a root field's resolver: its value, in which all promises are settled, or its error. */
export type RootResult = { readonly value: unknown } | { readonly error: unknown };

/** Writes the value of `data`. @throws the error of a non-null root field */
export function* writeRoot(walk: Walk, root: ObjectPlan, results: readonly RootResult[]): Work {
  if (root.failure) throw root.failure.error;
  for (const [index, field] of root.fields.entries()) {
    walk.output.text += field.prefix;
    const work = writeResult(walk, field, results[index]);
    yield* attempt(walk, field, field.value.isNullable, field.responseKey, work);
  }
  walk.output.text += root.fields.length > 0 ? "}" : "{}";
}

/** Writes an object in which a field can take long. */
function* writeObject(walk: Walk, plan: ObjectPlan, source: unknown): Work {
  if (plan.failure) throw plan.failure.error;
  const { output } = walk;
  for (const field of plan.fields) {
    output.text += field.prefix;
    const { value } = field;
    if (!isPausable(value)) {
      writeShortField(walk, field, source);
      continue;
    }
    // `work` starts inside `attempt`, which catches its errors.
    const work = value.kind === "rows" ? writeRows(walk, value, source) : writeResolved(walk, field, source);
    yield* attempt(walk, field, value.isNullable, field.responseKey, work);
  }
  output.text += plan.fields.length > 0 ? "}" : "{}";
}

/** Writes an object without yielding. */
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

type RowsPlan = Extract<ValuePlan, { kind: "rows" }>;
type LeafPlan = Extract<ValuePlan, { kind: "leaf" }>;

// None of these generators is a closure. For each closure of a generator function, V8 creates a hidden class that
// refers to everything in the closure's scope, and only a major garbage collection frees it.

/** Writes the value of a root field. */
function* writeResult(walk: Walk, field: FieldPlan, result: RootResult | undefined): Work {
  if (!result) throw new Error("Expected a result for each root field before the first fatal error.");
  if ("error" in result) throw result.error;
  yield* writeValue(walk, field, field.value, result.value);
}

/** Calls the resolver of a field that can take long, and writes its value. */
function* writeResolved(walk: Walk, field: FieldPlan, source: unknown): Work {
  if (performance.now() >= walk.pauseAt) yield;
  yield* writeValue(walk, field, field.value, read(walk, field, source));
}

/** Adds a page of host results to the output. No resolver is called, so no object is created for a row. */
function* writeRows(walk: Walk, plan: RowsPlan, source: unknown): Work {
  // The writer filters and sorts, which can take milliseconds.
  if (performance.now() >= walk.pauseAt) yield;
  // Rows are fields of HostResultConnection, whose source has this type.
  addRows(walk.output, plan.writer(source as HostConnectionSource));
}

function writeShortField(walk: Walk, field: FieldPlan, source: unknown): void {
  const { value } = field;
  if (value.kind === "leaf") {
    writeLeafField(walk, field, value, source);
    return;
  }
  const checkpoint = checkpointOf(walk.output);
  const depth = walk.path.push(field.responseKey);
  try {
    writeShortValue(walk, field, value, read(walk, field, source));
  } catch (error) {
    replaceByNull(walk, field, value.isNullable, error, depth, checkpoint);
  }
  walk.path.pop();
}

/** Most fields are leaves. Nothing is written before the leaf is complete, so there is nothing to roll back. */
function writeLeafField(walk: Walk, field: FieldPlan, plan: LeafPlan, source: unknown): void {
  try {
    walk.output.text += leafJson(field, plan, read(walk, field, source));
  } catch (error) {
    const depth = walk.path.push(field.responseKey);
    replaceByNull(walk, field, plan.isNullable, error, depth, checkpointOf(walk.output));
    walk.path.pop();
  }
}

function leafJson(field: FieldPlan, plan: LeafPlan, value: unknown): string {
  if (value !== null && value !== undefined) return plan.toJson(value);
  if (!plan.isNullable) throw nullError(field);
  return "null";
}

/** Writes the value of a field or of a list item. `field` is the field that the value belongs to. */
function* writeValue(walk: Walk, field: FieldPlan, plan: ValuePlan, value: unknown): Work {
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
  if (plan.kind === "leaf") {
    walk.output.text += leafJson(field, plan, value);
  } else if (value === null || value === undefined) {
    if (!plan.isNullable) throw nullError(field);
    walk.output.text += "null";
  } else if (plan.kind === "object") {
    writeShortObject(walk, plan.planOf(value), value);
  } else {
    writeShortList(walk, field, (plan.kind === "rows" ? plan.list : plan).item, value);
  }
}

function* writeList(walk: Walk, field: FieldPlan, item: ValuePlan, value: unknown): Work {
  const { output } = walk;
  output.text += "[";
  for (const [index, each] of expectList(field, value).entries()) {
    if (index > 0) output.text += ",";
    checkSize(output);
    if (performance.now() >= walk.pauseAt) yield;
    if (isPausable(item)) {
      yield* attempt(walk, field, item.isNullable, index, writeValue(walk, field, item, each));
    } else writeShortItem(walk, field, item, index, each);
  }
  output.text += "]";
}

function writeShortList(walk: Walk, field: FieldPlan, item: ValuePlan, value: unknown): void {
  const { output } = walk;
  output.text += "[";
  for (const [index, each] of expectList(field, value).entries()) {
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
  walk.path.pop();
}

function expectList({ parentType, name }: FieldPlan, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`Expected a list for ${parentType.name}.${name}.`);
  return value;
}

/** Runs the work that writes the value at `key`. If it throws, the value becomes null, or the error propagates. */
function* attempt(walk: Walk, field: FieldPlan, isNullable: boolean, key: string | number, work: Work): Work {
  const checkpoint = checkpointOf(walk.output);
  const depth = walk.path.push(key);
  try {
    yield* work;
  } catch (error) {
    replaceByNull(walk, field, isNullable, error, depth, checkpoint);
  }
  walk.path.pop();
}

/**
 * Replaces the value at the first `depth` parts of the path by null, and adds the error to the response.
 * @throws the error, located, if the value is non-null
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
  // This is an error of the response as a whole.
  if (error instanceof ResponseTooLarge) throw error;
  // The path can be longer: the functions that the error passed through did not pop their keys.
  path.length = depth;
  const located = locatedError(error, field.nodes, [...path]);
  if (!isNullable) throw located;
  errors.push(located);
  rollBack(output, checkpoint);
  output.text += "null";
}

const nullError = ({ parentType, name }: FieldPlan): Error =>
  new Error(`Expected a value for the non-null field ${parentType.name}.${name}, got null.`);
