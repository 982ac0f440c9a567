/** What the client knows of the SDL. */
import { buildSchema, isAbstractType, isObjectType, isSpecifiedScalarType, validate } from "graphql";
import { expect, it } from "vitest";
import { apolloTypePolicies } from "../../src/client/apollo-type-policies.ts";
import * as documents from "../../src/client/documents.generated.ts";
import { graphcacheOptions } from "../../src/client/graphcache-options.ts";
import { possibleTypes } from "../../src/client/possible-types.ts";
import { readSdl } from "../../src/graphql/schema.ts";

const SCHEMA = buildSchema(readSdl());
const TYPES = Object.values(SCHEMA.getTypeMap()).filter(
  (type) => !type.name.startsWith("__") && !isSpecifiedScalarType(type),
);

/** Objects whose `id` is globally unique. */
const NORMALIZED = ["HostResult", "JobInstance", "StepInstance"];
const ROOTS = ["Query", "Subscription"];

/** All other objects. */
const EMBEDDED = TYPES.filter(isObjectType).filter(
  ({ name }) => !NORMALIZED.includes(name) && !ROOTS.includes(name),
);

it("has the possible types of all unions and interfaces", () => {
  const abstract = TYPES.filter(isAbstractType);
  expect(possibleTypes).toEqual(
    Object.fromEntries(
      abstract.map((type) => [type.name, SCHEMA.getPossibleTypes(type).map(({ name }) => name)]),
    ),
  );
});

it("normalizes only objects whose id is globally unique", () => {
  const unique = TYPES.filter(isObjectType).filter((type) =>
    type.getFields().id?.description?.startsWith("Globally unique"),
  );
  expect(unique.map(({ name }) => name).toSorted()).toEqual(NORMALIZED);
});

it("embeds all other objects that have an id in Apollo Client's cache", () => {
  const withId = EMBEDDED.filter((type) => "id" in type.getFields()).map(({ name }) => name);
  expect(withId.length).toBeGreaterThan(3);
  for (const name of withId)
    expect(apolloTypePolicies).toHaveProperty(name, { keyFields: false, merge: true });
});

it("embeds all other objects in urql's cache", () => {
  expect(Object.keys(graphcacheOptions.keys).toSorted()).toEqual(EMBEDDED.map(({ name }) => name).toSorted());
});

it("has type policies and resolvers only for fields that exist", () => {
  const policies = Object.entries(apolloTypePolicies).map(
    ([type, policy]) => [type, "fields" in policy ? policy.fields : {}] as const,
  );
  for (const [name, fields] of [...policies, ...Object.entries(graphcacheOptions.resolvers)]) {
    const type = SCHEMA.getType(name);
    if (!isObjectType(type)) throw new Error(`Expected the type ${name} in the SDL.`);
    expect(Object.keys(type.getFields())).toEqual(expect.arrayContaining(Object.keys(fields)));
  }
});

it.each(Object.entries(documents))("has the valid document %s", (_, document) => {
  const errors = validate(SCHEMA, document).filter(
    ({ message }) => !/^Fragment .* is never used/.test(message),
  );
  expect(errors).toEqual([]);
});
