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
import { type GraphQLError, type GraphQLFormattedError, locatedError } from "graphql";
import { once } from "../../model/once.ts";
import type { Execution, ExecutionResponse, Executor } from "./executor.ts";
import {
  appendBytes,
  appendString,
  createSinkPool,
  type JsonSink,
  ResponseTooLarge,
  type SinkPool,
} from "./json-sink.ts";
import { createOutput, type Output, rollBack } from "./output.ts";
import { createTurns, type TakeTurn } from "./turns.ts";
import { FailedItem, type Settled, type Steps, type Walk, writeRoot } from "./walk.ts";

export interface PlanExecutorOptions {
  /** Larger responses are refused. */
  readonly maxResponseBytes: number;
  /** The form in which the response shows an error. */
  readonly formatError: (error: GraphQLError) => GraphQLFormattedError;
}

/** How long a walk may hold the event loop at a stretch, in milliseconds. */
const STRETCH_MS = 15;

export function createPlanExecutor({ maxResponseBytes, formatError }: PlanExecutorOptions): Executor {
  const sinks = createSinkPool(maxResponseBytes);
  const run = createRunSteps(createTurns());
  return async (execution) => {
    const { plan, variables, context } = execution;
    const lookups = await startRoot(execution);
    const output = createOutput(maxResponseBytes);
    const errors: GraphQLError[] = [];
    const walk: Walk = { variables, context, output, errors, path: [], pauseAt: pauseTime() };
    try {
      await run(writeRoot(walk, plan.root, lookups), walk, context.signal);
    } catch (error) {
      if (error instanceof ResponseTooLarge || context.signal.aborted) throw error;
      // Thrown by a non-null root field. It is located, or else it is about the root selection as a whole.
      errors.push(locatedError(error, undefined, undefined));
      rollBack(output, EMPTY);
      output.text = "null";
    }
    const head =
      errors.length > 0 ? `{"errors":${JSON.stringify(errors.map(formatError))},"data":` : '{"data":';
    return { errors, ...(await assemble(head, output, sinks, (steps) => run(steps, walk, context.signal))) };
  };
}

const EMPTY = { text: "", segments: 0, segmentBytes: 0 };

const pauseTime = () => performance.now() + STRETCH_MS;

/** Runs steps, with pauses. @throws the signal's reason when nobody waits for the response any more */
type RunSteps = (steps: Steps, walk: Pick<Walk, "pauseAt">, signal: AbortSignal) => Promise<void>;

const createRunSteps =
  (takeTurn: TakeTurn): RunSteps =>
  async (steps, walk, signal) => {
    while (!steps.next().done) {
      if (performance.now() < walk.pauseAt) continue;
      await takeTurn();
      signal.throwIfAborted();
      walk.pauseAt = pauseTime();
    }
  };

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

const settleItem = (item: Promise<unknown>): Promise<unknown> =>
  item.catch((error: unknown) => new FailedItem(error));

/** The whole response. Rows are written now. @throws ResponseTooLarge */
async function assemble(
  head: string,
  output: Output,
  sinks: SinkPool,
  run: (steps: Steps) => Promise<void>,
): Promise<Pick<ExecutionResponse, "body" | "release">> {
  const { text, segments, segmentBytes, maxBytes } = output;
  if (segments.length === 0) {
    const body = `${head}${text}}`;
    if (body.length * 3 > maxBytes && Buffer.byteLength(body) > maxBytes)
      throw new ResponseTooLarge(maxBytes);
    return { body, release: () => {} };
  }
  // Values of rows take about as much as their keys, which is what `segmentBytes` knows of them.
  const sink = sinks.acquire((head.length + segmentBytes + text.length) * 2 + 4_096);
  try {
    await run(writeSegments(sink, head, output));
    appendString(sink, `${text}}`);
    if (sink.length > maxBytes) throw new ResponseTooLarge(maxBytes);
  } catch (error) {
    sinks.release(sink);
    throw error;
  }
  return { body: sink.bytes.subarray(0, sink.length), release: once(() => sinks.release(sink)) };
}

function* writeSegments(sink: JsonSink, head: string, { segments }: Output): Steps {
  appendString(sink, head);
  for (const segment of segments) {
    if (segment instanceof Uint8Array) appendBytes(sink, segment);
    else yield* segment.write(sink);
  }
}
