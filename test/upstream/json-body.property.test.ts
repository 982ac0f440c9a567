/** Random bodies: the reader of bytes and a simple reference reader return the same result or the same error. */
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
import { readBodyByReference } from "./reference/reference-decoder.ts";

// One reader for all bodies, as in the gateway: reading one body must not affect the next.
const readBody = createBodyReader();

function outcomeOf(body: unknown, requiredData: RequiredData): JobOutcome {
  const head = { status: 403, header: () => null };
  if (isErrorBody(body)) return decodeErrorResponse(head, body, (text) => text);
  return decodeJobInstance(body, { requiredData, observedAt: 0, upstreamRequestId: null });
}

/** Everything in an outcome: every field of every row, ids with all their digits. */
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

/** The content of a body, or its error. */
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

const expectSameResult = (bytes: Buffer, requiredData: RequiredData): void => {
  expect(reading(readBody(bytes, requiredData), requiredData), bytes.toString("latin1")).toEqual(
    reading(readBodyByReference(bytes), requiredData),
  );
};

const requiredData = fc.constantFrom<RequiredData>("hosts", "hosts", "hosts", "status");

describe("a body", () => {
  it("in any form has the same result as with the reference reader", () => {
    fc.assert(fc.property(randomBody, requiredData, expectSameResult), runs("BODY_RUNS", 700));
  });

  it("with changed bytes has the same result as with the reference reader", () => {
    fc.assert(fc.property(mutatedBody, requiredData, expectSameResult), runs("BODY_RUNS", 700));
  });
});
