import { composeServices } from "@apollo/composition";
import { parse } from "graphql";
import { describe, expect, it } from "vitest";
import { useGateway } from "../support/gateway.ts";
import { blocksOf, tableOf } from "../support/readme.ts";

const federated = { config: { federation: true } };

const job = (jobInstanceId: unknown, scope: unknown = { type: "BIZ", id: "1" }) => ({
  __typename: "JobInstance",
  jobInstanceId,
  scope,
});

/** What a router sends. */
const ENTITIES = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) { ... on JobInstance { jobInstanceId name } }
}`;

/** Another service, whose deployments have jobs: what the page on federation shows, and connections of its own. */
const DEPLOYMENTS = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])
  type Query { deployments: [Deployment!]! }
  type PageInfo @shareable { hasNextPage: Boolean! endCursor: String }
  ${blocksOf("gql").find((block) => block.includes("type Deployment"))}
`;

describe("_service", () => {
  it("composes with a subgraph that has the keys of jobs and its own PageInfo", async () => {
    const gateway = await useGateway(federated);
    const { data } = await gateway.ask("{ _service { sdl } }");
    const { errors, supergraphSdl } = composeServices([
      { name: "jobs", url: gateway.url, typeDefs: parse(data._service.sdl) },
      { name: "deployments", url: "http://127.0.0.1/", typeDefs: parse(DEPLOYMENTS) },
    ]);
    expect(errors).toBeUndefined();
    expect(supergraphSdl).toContain("JobInstance");
  });

  it("is served without introspection, which it is not", async () => {
    const gateway = await useGateway({ config: { federation: true, introspection: false } });
    const { data } = await gateway.ask("{ _service { sdl } }");
    expect(data._service.sdl).toContain("type JobInstance");
  });
});

describe("_entities", () => {
  it("returns the jobs in the order of their references, and asks for each job once", async () => {
    const gateway = await useGateway(federated);
    const representations = [job("20000000003"), job("20000000002"), job("20000000003")];
    const { data, errors } = await gateway.ask(ENTITIES, { representations });
    expect(errors).toBeUndefined();
    expect(data._entities.map(({ jobInstanceId }: { jobInstanceId: string }) => jobInstanceId)).toEqual([
      "20000000003",
      "20000000002",
      "20000000003",
    ]);
    expect(gateway.simulator.requests).toHaveLength(2);
  });

  it("requests host results only if they are selected", async () => {
    const gateway = await useGateway(federated);
    const flagsOf = async (selection: string) => {
      await gateway.ask(
        `query ($representations: [_Any!]!) {
          _entities(representations: $representations) { __typename ... on JobInstance { ${selection} } }
        }`,
        { representations: [job("20000000002")] },
      );
      return gateway.simulator.requests.at(-1)?.query.return_ip_result;
    };
    expect(await flagsOf("status steps { name }")).not.toBe("true");
    expect(await flagsOf("hostSummary { failed }")).toBe("true");
  });

  it("accepts references in the document, and ids as numbers", async () => {
    const gateway = await useGateway(federated);
    const { data } = await gateway.ask(`{
      _entities(representations: [
        { __typename: "JobInstance", jobInstanceId: 20000000002, scope: { type: "BIZ", id: 1 } }
      ]) { ... on JobInstance { jobInstanceId } }
    }`);
    expect(data._entities).toEqual([{ jobInstanceId: "20000000002" }]);
  });

  it.each([
    ["20000000404", "JOB_INSTANCE_NOT_FOUND"],
    ["20000000403", "PERMISSION_DENIED"],
    ["20000090504", "UPSTREAM_UNAVAILABLE"],
  ])("is null for job %s, with the code %s, and does not affect others", async (id, code) => {
    const gateway = await useGateway(federated);
    const { data, errors } = await gateway.ask(ENTITIES, { representations: [job(id), job("20000000002")] });
    expect(data._entities).toEqual([null, expect.objectContaining({ jobInstanceId: "20000000002" })]);
    expect(errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [["_entities", 0], code],
    ]);
  });

  it.each([
    [{ __typename: "StepInstance" }, '`__typename` to be JobInstance, got "StepInstance"'],
    [7, "`__typename` to be JobInstance, got undefined"],
    [job({ a: 1 }), '`jobInstanceId` to be a string, got {"a":1}'],
    [job("20000000002", null), "`scope.type` to be a string, got undefined"],
    [job("20000000002", { type: "BIZ" }), "`scope.id` to be a string, got undefined"],
    [job("20000000002", { type: "UNRECOGNIZED", id: "1" }), "`scopeType` to be BIZ or BIZ_SET"],
    [job("0"), "`jobInstanceId` to be a positive 64-bit integer"],
    [{ ...job("1"), jobInstanceId: "9".repeat(100_000) }, 'got "9999999999999999999999999999999999999999".'],
  ])("rejects %j alone, saying what is wrong", async (representation, message) => {
    const gateway = await useGateway(federated);
    const representations = [job("20000000002"), representation];
    const { data, errors = [] } = await gateway.ask(ENTITIES, { representations });
    expect(data._entities[0]?.jobInstanceId).toBe("20000000002");
    expect(errors).toHaveLength(1);
    expect(errors[0]?.extensions.code).toBe("BAD_USER_INPUT");
    expect(errors[0]?.message).toContain("In `representations[1]`: ");
    expect(errors[0]?.message).toContain(message);
    expect(errors[0]?.message.length).toBeLessThan(200);
  });

  it("rejects more than 100 references before any call", async () => {
    const gateway = await useGateway(federated);
    const representations = Array.from({ length: 101 }, () => job("20000000002"));
    const { data, errors } = await gateway.ask(ENTITIES, { representations });
    expect(data).toBeNull();
    expect(errors?.[0]?.message).toContain("at most 100 references, got 101");
    expect(gateway.simulator.requests).toHaveLength(0);
  });
});

it("is off by default", async () => {
  const gateway = await useGateway();
  const { errors } = await gateway.ask("{ _service { sdl } }");
  expect(errors?.map(({ extensions }) => extensions.code)).toEqual(["GRAPHQL_VALIDATION_FAILED"]);
});

it("is described with the key on its page", () => {
  expect(tableOf("Directive", "Type", "Why").map(([directive]) => directive)).toEqual([
    '@key(fields: "jobInstanceId scope { type id }")',
    "@shareable",
    "@shareable",
  ]);
});
