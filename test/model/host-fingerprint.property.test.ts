/** Fingerprints of random host lists are equal exactly for the same results, in any order. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { HostResults } from "../../src/model/host-results.ts";
import { rowAt } from "../../src/model/host-table.ts";
import { toJson } from "../../src/simulator/response.ts";
import { decodeJobInstance } from "../../src/upstream/decode-job-instance.ts";
import { createBodyReader } from "../../src/upstream/json-body.ts";
import { jobBytes, stepRow } from "../support/job-payload.ts";
import { readBodyByReference } from "../upstream/reference/reference-decoder.ts";
import { hostList, type RandomStep, randomStep, reshuffled } from "./reference/random-rows.ts";

const READING = { requiredData: "hosts", observedAt: 0, upstreamRequestId: null } as const;

const readBody = createBodyReader();

/** Decodes the step with the gateway's reader of bytes or with the reference reader. */
function decode(random: RandomStep, isScanned: boolean): HostResults {
  const bytes = jobBytes({ steps: [stepRow(hostList(random))] });
  const body = isScanned ? readBody(bytes, "hosts") : readBodyByReference(bytes);
  const results = decodeJobInstance(body, READING).steps[0]?.hostResults;
  if (!results) throw new Error("Expected a step with host results.");
  return results;
}

/** The content of the results, independent of their order. */
const contentOf = ({ table }: HostResults) =>
  Array.from({ length: table.length }, (_, row) => toJson(rowAt(table, row)))
    .toSorted()
    .join("\n");

it("is equal for the same results in a different order", () => {
  fc.assert(
    fc.property(randomStep(), fc.nat(), (random, seed) => {
      const fingerprint = decode(random, true).fingerprint();
      expect(decode(reshuffled(random, seed), true).fingerprint()).toBe(fingerprint);
    }),
  );
});

it("differs for different results, even in a single field or in the number of results", () => {
  fc.assert(
    fc.property(randomStep(4), randomStep(4), fc.boolean(), (one, two, isScanned) => {
      const [a, b] = [decode(one, isScanned), decode(two, isScanned)];
      expect(a.fingerprint() === b.fingerprint()).toBe(contentOf(a) === contentOf(b));
    }),
    { numRuns: 1_000 },
  );
});

it("differs if two results swap their statuses", () => {
  const row = (bk_host_id: number, status: number) => ({
    target: { host: { bk_host_id } },
    outcome: { status },
  });
  const before: RandomStep = { dialect: "contract", results: [row(1, 7), row(2, 9)] };
  const after: RandomStep = { dialect: "contract", results: [row(1, 9), row(2, 7)] };
  expect(decode(after, true).fingerprint()).not.toBe(decode(before, true).fingerprint());
});
