/** Metrics of operations: their number by transport, name and error code, their errors, and their duration. */
import { Counter, Histogram, type Registry } from "prom-client";
import type { ObserveOperation } from "../http/finished-operation.ts";
import type { OperationLog } from "../model/operation-log.ts";
import { createBoundedValues, MAX_ERROR_CODES, MAX_OPERATION_NAMES } from "./bounded-values.ts";
import { PREFIX } from "./prefix.ts";

/**
 * Codes of faults that alerts report from the first one. Prometheus computes increases between samples of a series, so
 * their series begin with 0.
 */
const ALERTED_CODES = ["INTERNAL_SERVER_ERROR", "UPSTREAM_CONTRACT"];

const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** @param trustedNames names of operations that are always labels, because the operators have chosen them */
export function createOperationMetrics(
  registry: Registry,
  trustedNames: ReadonlySet<string>,
): ObserveOperation {
  const registers = [registry];
  const operations = new Counter({
    name: `${PREFIX}operations_total`,
    help: "Operations that have ended, by transport, operation name and code: OK, ABORTED or the first error code.",
    labelNames: ["transport", "operation", "code"],
    registers,
  });
  const errors = new Counter({
    name: `${PREFIX}operation_errors_total`,
    help: "Errors in responses, by code. One operation can have several.",
    labelNames: ["code"],
    registers,
  });
  const durations = new Histogram({
    name: `${PREFIX}operation_duration_seconds`,
    help: "Duration of queries until the response was sent, by operation name.",
    labelNames: ["operation"],
    buckets: DURATION_BUCKETS,
    registers,
  });
  const boundedName = createBoundedValues(MAX_OPERATION_NAMES, trustedNames);
  const boundedCode = createBoundedValues(MAX_ERROR_CODES);
  for (const code of ALERTED_CODES) errors.inc({ code: boundedCode(code) }, 0);

  return ({ transport, operationLog, durationMs, isAborted }) => {
    const { operationName, operationType, errorCodes } = operationLog;
    const operation = operationName === null ? "" : boundedName(operationName);
    const isAbortedQuery = isAborted && operationType !== "subscription";
    operations.inc({ transport, operation, code: boundedCode(codeOf(operationLog, isAbortedQuery)) });
    // Subscriptions last as long as their clients want, and rejected requests have no operation.
    if (operationType !== null && operationType !== "subscription") {
      durations.observe({ operation }, durationMs / 1_000);
    }
    if (!isAbortedQuery) for (const code of errorCodes) errors.inc({ code: boundedCode(code) });
  };
}

/** The errors of an aborted query are a consequence of the abort. */
const codeOf = ({ errorCodes }: OperationLog, isAbortedQuery: boolean): string =>
  isAbortedQuery ? "ABORTED" : (errorCodes[0] ?? "OK");
