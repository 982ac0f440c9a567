/** The identity of a caller depends on all claims; equal claims share one caller. */
import { expect, it } from "vitest";
import { createCaller, createCallerCache } from "../../src/upstream/caller.ts";

const ANN = { authorization: '{"access_token":"ann"}', tenantId: "t", language: "en" } as const;

it("returns the same caller for equal claims", () => {
  const create = createCallerCache();
  expect(create({ ...ANN })).toBe(create({ ...ANN }));
  expect(create(ANN)).toEqual(createCaller(ANN));
});

it("distinguishes callers by every claim, even if the concatenated claims are equal", () => {
  const create = createCallerCache();
  const texts = [null, "", "t", "t ", " t", "=t", "t =t", "1 t", "null", "-1 null", "none", "malformed"];
  const claims = texts.flatMap((tenantId) =>
    texts.flatMap((authorization) =>
      (["en", "zh-cn", null] as const).map((language) => ({ tenantId, authorization, language })),
    ),
  );
  const malformed = texts.map((tenantId) => ({ ...ANN, tenantId, authorization: null, isMalformed: true }));
  const all = [...claims, ...malformed];
  for (let round = 0; round < 2; round += 1) {
    expect(all.map((claim) => create(claim))).toEqual(all.map((claim) => createCaller(claim)));
  }
  expect(new Set(all.map((claim) => create(claim).identity)).size).toBe(all.length);
});

it("evicts the least recently used callers", () => {
  const create = createCallerCache();
  const first = create(ANN);
  for (let index = 0; index < 2_000; index += 1) {
    create({ ...ANN, authorization: `${index}${"x".repeat(10_000)}` });
  }
  expect(create(ANN)).not.toBe(first);
  expect(create(ANN)).toEqual(first);
});
