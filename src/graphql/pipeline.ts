/**
 * The pipeline that all operations of all transports pass: `operation/documents.ts` finds the document of a request,
 * `operation/prepare.ts` prepares the document or finds it in its cache, `operation/run.ts` runs it with its variables,
 * and an executor writes the response. For subscriptions, `subscription/` repeats the execution for every change.
 */
import type { GraphQLSchema } from "graphql";
import type { ObserveLimit } from "../model/limits.ts";
import { formatGraphQLError } from "./errors.ts";
import { createPlanExecutor } from "./executor/plan-executor.ts";
import { createPlanner } from "./executor/planner.ts";
import { createReferenceExecutor } from "./executor/reference-executor.ts";
import { createDocuments, type Documents, type TrustedDocuments } from "./operation/documents.ts";
import type { DocumentLimits } from "./operation/operation-limits.ts";
import { createPrepare, type Prepare } from "./operation/prepare.ts";
import { createRunOperation, type RunOperation } from "./operation/run.ts";
import { createRetainedMemory } from "./subscription/retained-memory.ts";
import { createSharedResults } from "./subscription/shared-results.ts";
import { createStartSubscription } from "./subscription/subscription.ts";

export interface PipelineOptions {
  readonly schema: GraphQLSchema;
  /** Both executors return the same responses. */
  readonly executor: "compiled" | "graphql-js";
  /** Larger responses are rejected. */
  readonly maxResponseBytes: number;
  /** Whether operations may select introspection fields. */
  readonly introspection: boolean;
  readonly trustedDocuments: TrustedDocuments | null;
  readonly documentLimits: DocumentLimits;
  /** Observes requests that exceed a limit; null to observe none. */
  readonly onLimit: ObserveLimit | null;
}

export interface Pipeline {
  readonly documents: Documents;
  readonly prepare: Prepare;
  readonly run: RunOperation;
  readonly memory: () => PipelineMemory;
}

/** Memory that the pipeline holds, in bytes (estimated). */
export interface PipelineMemory {
  /** The cache of prepared operations. */
  readonly preparedOperations: number;
  /** The cache of shared subscription results. */
  readonly sharedResults: number;
  /** The operations and variables of open subscriptions. */
  readonly subscriptions: number;
}

/** Memory limit of the cache of prepared operations: thousands of typical operations. */
const PREPARED_BYTES = 64 * 2 ** 20;
/** Memory limit for the operations and variables of open subscriptions. */
const SUBSCRIPTION_BYTES = 256 * 2 ** 20;

export function createPipeline({
  schema,
  executor,
  maxResponseBytes,
  introspection,
  trustedDocuments,
  documentLimits,
  onLimit,
}: PipelineOptions): Pipeline {
  const options = { schema, maxResponseBytes, formatError: formatGraphQLError };
  const execute = executor === "compiled" ? createPlanExecutor(options) : createReferenceExecutor(options);
  const documents = createDocuments(trustedDocuments);
  const createPlan = createPlanner(schema);
  const { prepare, cachedBytes } = createPrepare({
    schema,
    createPlan,
    maxBytes: PREPARED_BYTES,
    introspection,
    limits: documentLimits,
    onLimit,
  });
  const results = createSharedResults(execute, onLimit);
  const retained = createRetainedMemory(SUBSCRIPTION_BYTES);
  const startSubscription = createStartSubscription({ results, memory: retained });
  return {
    documents,
    prepare,
    run: createRunOperation({ documents, prepare, execute, startSubscription, onLimit }),
    memory: () => ({
      preparedOperations: cachedBytes(),
      sharedResults: results.cachedBytes(),
      subscriptions: retained.bytes(),
    }),
  };
}
