/** Bodies of any form, read from their bytes and in the plainest way: both give the same, or complain of the same. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rowAt } from "../../src/model/host-table.ts";
import type { JobOutcome, RequiredData } from "../../src/model/job-instance.ts";
import { decodeJobInstance } from "../../src/upstream/decode-job-instance.ts";
import { ContractViolation } from "../../src/upstream/decoders.ts";
import { decodeErrorResponse, isErrorBody } from "../../src/upstream/error-response.ts";
import { createBodyReader } from "../../src/upstream/json-body.ts";
import { UpstreamError } from "../../src/upstream/upstream-error.ts";
import { mutatedBody, randomBody } from "./reference/random-body.ts";
import { readBodyPlainly } from "./reference/reference-decoder.ts";

// One reader for all bodies, as in the gateway: what it has learned from one must not change the next.
const readBody = createBodyReader();

function outcomeOf(body: unknown, requiredData: RequiredData): JobOutcome {
  const head = { status: 403, header: () => null };
  if (isErrorBody(body)) return decodeErrorResponse(head, body, (text) => text);
  return decodeJobInstance(body, { requiredData, observedAt: 0, upstreamRequestId: null });
}

/** Everything that is known of an outcome: every field of every row, ids digit for digit. */
function contentOf(outcome: JobOutcome): unknown {
  if (outcome.kind !== "job") return outcome;
  const steps = outcome.steps.map(({ hostResults, ...step }) => {
    const table = hostResults?.table;
    return {
      ...step,
      rows: Array.from({ length: table?.length ?? 0 }, (_, row) => table && rowAt(table, row)),
    };
  });
  return { ...outcome, steps };
}

/** What a body says, or what is wrong with it. */
function reading(body: unknown, requiredData: RequiredData): unknown {
  if (body === undefined) return "not JSON";
  try {
    return contentOf(outcomeOf(body, requiredData));
  } catch (error) {
    if (error instanceof ContractViolation) return { violation: error.message };
    if (error instanceof UpstreamError) return { message: error.message, ...error.upstream };
    throw error;
  }
}

const runs = (environment: string, standard: number) => ({
  numRuns: Number(process.env[environment] ?? standard),
});

const readsAlike = (bytes: Buffer, requiredData: RequiredData): void => {
  expect(reading(readBody(bytes, requiredData), requiredData), bytes.toString("latin1")).toEqual(
    reading(readBodyPlainly(bytes), requiredData),
  );
};

const requiredData = fc.constantFrom<RequiredData>("hosts", "hosts", "hosts", "status");

describe("a body", () => {
  it("in any form reads as it does plainly", () => {
    fc.assert(fc.property(randomBody, requiredData, readsAlike), runs("BODY_RUNS", 700));
  });

  it("with any bytes changed reads as it does plainly", () => {
    fc.assert(fc.property(mutatedBody, requiredData, readsAlike), runs("BODY_RUNS", 700));
  });
});
