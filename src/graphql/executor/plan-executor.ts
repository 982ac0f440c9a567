/**
 * The executor for production:
 *
 * 1. It starts the lookups of all root fields, so that DataLoader can batch them, and waits for all of them.
 * 2. It walks over the plan (`walk.ts`), which writes the response except for host results.
 * 3. It writes the host results (`row-writer.ts`) and joins everything in one buffer.
 *
 * Steps 2 and 3 are generators. The executor runs them in slices of 5 ms and lets other requests run in between.
 */
import { type GraphQLError, type GraphQLFormattedError, locatedError } from "graphql";
import { once } from "../../model/once.ts";
import type { GraphQLContext } from "../context.ts";
import { withTraceId } from "../errors.ts";
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
import { responseExtensions } from "./response-extensions.ts";
import { FailedItem, type RootResult, type Walk, type Work, writeRoot } from "./walk.ts";

export interface PlanExecutorOptions {
  /** Larger responses are rejected. */
  readonly maxResponseBytes: number;
  /** Formats an error for the response. */
  readonly formatError: (error: GraphQLError) => GraphQLFormattedError;
}

/** Maximum time for which an execution blocks the event loop before it yields. */
const SLICE_MS = 5;

export function createPlanExecutor({ maxResponseBytes, formatError }: PlanExecutorOptions): Executor {
  const sinks = createSinkPool(maxResponseBytes);
  const run = createRunWork();
  const formatErrors = (errors: readonly GraphQLError[], { traceId = null }: GraphQLContext) =>
    JSON.stringify(errors.map((error) => withTraceId(formatError(error), traceId)));
  return async (execution) => {
    const { plan, variables, context } = execution;
    const results = await callRootResolvers(execution);
    const output = createOutput(maxResponseBytes);
    const errors: GraphQLError[] = [];
    const walk: Walk = { variables, context, output, errors, path: [], pauseAt: pauseTime() };
    try {
      await run(writeRoot(walk, plan.root, results), walk, context.signal);
    } catch (error) {
      if (error instanceof ResponseTooLarge || context.signal.aborted) throw error;
      // An error of a non-null root field has a location. An error of the root selection itself has none.
      errors.push(locatedError(error, undefined, undefined));
      rollBack(output, EMPTY);
      output.text = "null";
    }
    const head = errors.length > 0 ? `{"errors":${formatErrors(errors, context)},"data":` : '{"data":';
    const extensions = responseExtensions(context.jobs);
    const tail = extensions === null ? "}" : `,"extensions":${JSON.stringify(extensions)}}`;
    const assembled = await assemble(head, output, tail, sinks, (work) => run(work, walk, context.signal));
    return { errors, ...assembled };
  };
}

const EMPTY = { text: "", segments: 0, segmentBytes: 0 };

const pauseTime = () => performance.now() + SLICE_MS;

/** Runs work in slices. @throws the reason of the signal if the client aborted */
type RunWork = (work: Work, walk: Pick<Walk, "pauseAt">, signal: AbortSignal) => Promise<void>;

function createRunWork(): RunWork {
  const yieldEventLoop = createYieldEventLoop();
  return async (work, walk, signal) => {
    while (!work.next().done) {
      if (performance.now() < walk.pauseAt) continue;
      await yieldEventLoop();
      signal.throwIfAborted();
      walk.pauseAt = pauseTime();
    }
  };
}

/**
 * Creates a function that resolves in a later iteration of the event loop. Node.js runs all pending immediates before
 * it reads from sockets again, so if every execution called `setImmediate` itself, the slices of all of them would
 * block the event loop together. Here one execution continues per iteration.
 */
function createYieldEventLoop(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  let isScheduled = false;

  const next = () => {
    const resume = waiting.shift();
    isScheduled = waiting.length > 0;
    // An immediate that is scheduled by an immediate runs in the next iteration.
    if (isScheduled) setImmediate(next);
    resume?.();
  };

  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(next);
    });
}

/**
 * Calls the resolvers of the root fields and waits for their results. If a resolver of a non-null field throws
 * synchronously, `data` will be null, so the resolvers after it are not called.
 */
async function callRootResolvers({ plan: { root }, variables, context }: Execution): Promise<RootResult[]> {
  const results: (RootResult | Promise<RootResult>)[] = [];
  for (const field of root.fields) {
    try {
      const value = field.resolve(undefined, variables, context);
      results.push(value instanceof Promise || Array.isArray(value) ? settle(value) : { value });
    } catch (error) {
      results.push({ error });
      if (!field.value.isNullable) break;
    }
  }
  const [first] = results;
  return first && results.length === 1 ? [await first] : Promise.all(results);
}

/** Never rejects: the walk reports errors in the order of the fields, not of their occurrence. */
async function settle(value: unknown): Promise<RootResult> {
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

/** Builds the response and writes its host results. @throws ResponseTooLarge */
async function assemble(
  head: string,
  output: Output,
  tail: string,
  sinks: SinkPool,
  run: (work: Work) => Promise<void>,
): Promise<Pick<ExecutionResponse, "body" | "release">> {
  const { text, segments, segmentBytes, maxBytes } = output;
  if (segments.length === 0) {
    const body = `${head}${text}${tail}`;
    if (body.length * 3 > maxBytes && Buffer.byteLength(body) > maxBytes)
      throw new ResponseTooLarge(maxBytes);
    return { body, release: () => {} };
  }
  // `segmentBytes` counts only the keys of rows. Their values take about the same space.
  const sink = sinks.acquire((head.length + segmentBytes + text.length) * 2 + 4_096);
  try {
    await run(writeSegments(sink, head, output));
    appendString(sink, text + tail);
    if (sink.length > maxBytes) throw new ResponseTooLarge(maxBytes);
  } catch (error) {
    sinks.release(sink);
    throw error;
  }
  return { body: sink.bytes.subarray(0, sink.length), release: once(() => sinks.release(sink)) };
}

function* writeSegments(sink: JsonSink, head: string, { segments }: Output): Work {
  appendString(sink, head);
  for (const segment of segments) {
    if (segment instanceof Uint8Array) appendBytes(sink, segment);
    else yield* segment.write(sink);
  }
}
