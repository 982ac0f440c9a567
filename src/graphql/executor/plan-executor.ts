/**
 * Executes operations by one walk over their plan. All root lookups start first, so that the data loader sees them
 * together; when they have come, the walk writes the response in its order.
 *
 * Errors follow the GraphQL specification: an error in a field makes the nearest nullable field around it null. What
 * had been written of that field is taken back, which costs nothing, as text is immutable and rows are written last.
 *
 * The walk is a generator. It pauses when it has held the event loop for a while, so that a large response cannot keep
 * other requests waiting.
 */
import { setImmediate as turn } from "node:timers/promises";
import { type GraphQLError, type GraphQLFormattedError, locatedError } from "graphql";
import type { GraphQLContext } from "../context.ts";
import type { HostConnectionSource } from "../sources.ts";
import type { Execution, Executor } from "./executor.ts";
import { createJsonSink, type JsonSink, ResponseTooLarge, writeBytes, writeString } from "./json-sink.ts";
import { addRows, checkSize, createOutput, markOf, type Output, rollBack } from "./output.ts";
import type { FieldPlan, ObjectPlan, ValuePlan, Variables } from "./plan.ts";

export interface PlanExecutorOptions {
  /** Larger responses are refused. */
  readonly maxResponseBytes: number;
  /** The form in which the response shows an error. */
  readonly formatError: (error: GraphQLError) => GraphQLFormattedError;
}

/** How long a walk may hold the event loop at a stretch, in milliseconds. */
const STRETCH_MS = 15;

/** The state of one walk. */
interface Walk {
  readonly variables: Variables;
  readonly context: GraphQLContext;
  readonly output: Output;
  readonly errors: GraphQLError[];
  /** Where in the response the walk is. */
  readonly path: (string | number)[];
  /** When to pause, on the clock of `performance.now()`. */
  pauseAt: number;
}

type Steps = Generator<void, void, void>;

export function createPlanExecutor({ maxResponseBytes, formatError }: PlanExecutorOptions): Executor {
  return async (execution) => {
    const { plan, variables, context } = execution;
    const lookups = await startRoot(execution);
    const output = createOutput(maxResponseBytes);
    const errors: GraphQLError[] = [];
    const walk: Walk = { variables, context, output, errors, path: [], pauseAt: pauseTime() };
    try {
      await run(writeRoot(walk, plan.root, lookups), walk);
    } catch (error) {
      if (error instanceof ResponseTooLarge) throw error;
      // Thrown by a non-null root field. It is located, or else it is about the root selection as a whole.
      errors.push(locatedError(error, undefined, undefined));
      rollBack(output, EMPTY);
      output.text = "null";
    }
    const head =
      errors.length > 0 ? `{"errors":${JSON.stringify(errors.map(formatError))},"data":` : '{"data":';
    return { errors, body: await assemble(head, output) };
  };
}

const EMPTY = { text: "", segments: 0, segmentBytes: 0 };

const pauseTime = () => performance.now() + STRETCH_MS;

/** Runs the steps, with pauses. */
async function run(steps: Steps, walk: Pick<Walk, "pauseAt">): Promise<void> {
  while (!steps.next().done) {
    if (performance.now() < walk.pauseAt) continue;
    await turn();
    walk.pauseAt = pauseTime();
  }
}

/** What a root field's resolver returned: a value or items, all settled, or what it threw. */
type Settled = { readonly value: unknown } | { readonly error: unknown };

/**
 * Calls the resolvers of the root fields, and waits for what they return. When one throws at once and must not be null,
 * the response has no data: fields after it are not begun.
 */
async function startRoot({ plan: { root }, variables, context }: Execution): Promise<Settled[]> {
  const settled: (Settled | Promise<Settled>)[] = [];
  for (const field of root.fields) {
    try {
      const value = field.resolve(undefined, variables, context);
      settled.push(value instanceof Promise || Array.isArray(value) ? settle(value) : { value });
    } catch (error) {
      settled.push({ error });
      if (!field.value.isNullable) break;
    }
  }
  const [first] = settled;
  return first && settled.length === 1 ? [await first] : Promise.all(settled);
}

/** Never rejects: errors are reported in the order of the fields, whenever they came. */
async function settle(value: unknown): Promise<Settled> {
  try {
    if (!Array.isArray(value)) return { value: await value };
    return {
      value: await Promise.all(value.map((item) => (item instanceof Promise ? settleItem(item) : item))),
    };
  } catch (error) {
    return { error };
  }
}

/** An item of a list that failed: it is thrown where the item is written. */
class FailedItem {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

const settleItem = (item: Promise<unknown>): Promise<unknown> =>
  item.catch((error: unknown) => new FailedItem(error));

function* writeRoot(walk: Walk, root: ObjectPlan, lookups: readonly Settled[]): Steps {
  if (root.failure) throw root.failure.error;
  for (const [index, field] of root.fields.entries()) {
    walk.output.text += field.prefix;
    const settled = lookups[index];
    yield* writeField(walk, field, () => {
      if (!settled) throw new Error("Expected root fields after a fatal error not to be written.");
      if ("error" in settled) throw settled.error;
      return settled.value;
    });
  }
  walk.output.text += root.fields.length > 0 ? "}" : "{}";
}

function* writeObject(walk: Walk, plan: ObjectPlan, source: unknown): Steps {
  if (plan.failure) throw plan.failure.error;
  const { output, variables, context } = walk;
  for (const field of plan.fields) {
    output.text += field.prefix;
    const { value } = field;
    if (value.kind === "leaf") writeLeafField(walk, field, value, source);
    else if (value.kind === "rows") yield* writeRowsField(walk, field, value, source);
    else yield* writeField(walk, field, () => field.resolve(source, variables, context));
  }
  output.text += plan.fields.length > 0 ? "}" : "{}";
}

type Leaf = Extract<ValuePlan, { kind: "leaf" }>;
type Rows = Extract<ValuePlan, { kind: "rows" }>;

function writeLeafField(walk: Walk, field: FieldPlan, plan: Leaf, source: unknown): void {
  let json: string;
  try {
    json = leafJson(plan, field, field.resolve(source, walk.variables, walk.context));
  } catch (error) {
    fail(walk, field, field.value.isNullable, error, [...walk.path, field.responseKey]);
    json = "null";
  }
  walk.output.text += json;
}

function leafJson(plan: Leaf, field: FieldPlan, value: unknown): string {
  if (value !== null && value !== undefined) return plan.toJson(value);
  if (!plan.isNullable) throw nullError(field);
  return "null";
}

/** Rows are written from the page that the source holds, without an object for each. */
function* writeRowsField(walk: Walk, field: FieldPlan, plan: Rows, source: unknown): Steps {
  yield* attempt(walk, field, plan.isNullable, field.responseKey, function* () {
    // Filtering and ordering happen here.
    if (performance.now() >= walk.pauseAt) yield;
    // The parent type of rows has this source.
    addRows(walk.output, plan.writer(source as HostConnectionSource));
  });
}

/** Writes a field whose value is no leaf. */
function* writeField(walk: Walk, field: FieldPlan, resolve: () => unknown): Steps {
  yield* attempt(walk, field, field.value.isNullable, field.responseKey, function* () {
    if (performance.now() >= walk.pauseAt) yield;
    yield* writeValue(walk, field, field.value, resolve());
  });
}

function* writeValue(walk: Walk, field: FieldPlan, plan: ValuePlan, value: unknown): Steps {
  if (value instanceof FailedItem) throw value.error;
  if (plan.kind === "leaf") {
    walk.output.text += leafJson(plan, field, value);
  } else if (value === null || value === undefined) {
    if (!plan.isNullable) throw nullError(field);
    walk.output.text += "null";
  } else if (plan.kind === "object") {
    yield* writeObject(walk, plan.planOf(value), value);
  } else {
    yield* writeList(walk, field, plan.kind === "rows" ? plan.list : plan, value);
  }
}

function* writeList(walk: Walk, field: FieldPlan, plan: ValuePlan, value: unknown): Steps {
  if (plan.kind !== "list" || !Array.isArray(value)) {
    throw new Error(`Expected a list for ${field.parentType.name}.${field.name}.`);
  }
  const { item } = plan;
  walk.output.text += "[";
  for (const [index, each] of value.entries()) {
    if (index > 0) walk.output.text += ",";
    checkSize(walk.output);
    if (performance.now() >= walk.pauseAt) yield;
    yield* attempt(walk, field, item.isNullable, index, () => writeValue(walk, field, item, each));
  }
  walk.output.text += "]";
}

/** Runs steps that write what stands at `key`. When they throw, null takes its place if it may be null. */
function* attempt(
  walk: Walk,
  field: FieldPlan,
  isNullable: boolean,
  key: string | number,
  steps: () => Steps,
): Steps {
  const { output, path } = walk;
  const mark = markOf(output);
  const depth = path.push(key);
  try {
    yield* steps();
  } catch (error) {
    path.length = depth;
    fail(walk, field, isNullable, error, [...path]);
    rollBack(output, mark);
    output.text += "null";
  } finally {
    path.length = depth - 1;
  }
}

/** Notes the error of what may be null. @throws the error, with its place, for what may not. */
function fail(
  walk: Walk,
  field: FieldPlan,
  isNullable: boolean,
  error: unknown,
  path: readonly (string | number)[],
): void {
  if (error instanceof ResponseTooLarge) throw error;
  const located = locatedError(error, field.nodes, path);
  if (!isNullable) throw located;
  walk.errors.push(located);
}

const nullError = ({ parentType, name }: FieldPlan): Error =>
  new Error(`Expected a value for ${parentType.name}.${name}, which must not be null.`);

/** The whole response. Rows are written now. @throws ResponseTooLarge */
async function assemble(head: string, output: Output): Promise<string | Buffer> {
  const { text, segments, segmentBytes, maxBytes } = output;
  if (segments.length === 0) return `${head}${text}}`;
  // Values of rows take about as much as their keys, which is what `segmentBytes` knows of them.
  const sink = createJsonSink((head.length + segmentBytes + text.length) * 2 + 4_096, maxBytes);
  await run(writeSegments(sink, head, output), { pauseAt: pauseTime() });
  writeString(sink, `${text}}`);
  if (sink.length > maxBytes) throw new ResponseTooLarge(maxBytes);
  return sink.bytes.subarray(0, sink.length);
}

function* writeSegments(sink: JsonSink, head: string, { segments }: Output): Steps {
  writeString(sink, head);
  for (const segment of segments) {
    if (segment instanceof Uint8Array) writeBytes(sink, segment);
    else yield* segment.write(sink);
  }
}
