/** 64-bit ids keep every digit, in requests and in responses. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DIALECT_NAMES, type Dialect } from "../../src/simulator/render.ts";
import { AUTHORIZATION, ask, type GraphQLResponse, jobField, onJob, onlyError, ref } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { changedJobResponse } from "../support/job-payload.ts";

/** 2^53 + 1, the first integer that a double cannot represent. */
const HUGE = "9007199254740993";
const MAX = "9223372036854775807";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const BY_VARIABLE = `query ($id: ID!) { ${jobField("$id", `__typename ${onJob("jobInstanceId")}`)} }`;

/** Sends variables as given, as a client with 64-bit integers does. */
async function get(variables: string): Promise<GraphQLResponse> {
  const response = await fetch(`${gateway.url}?${new URLSearchParams({ query: BY_VARIABLE, variables })}`, {
    headers: { "apollo-require-preflight": "1", "x-bkapi-authorization": AUTHORIZATION },
  });
  // The gateway's answers are GraphQL results.
  const result = (await response.json()) as Pick<GraphQLResponse, "data" | "errors">;
  return { status: response.status, headers: response.headers, ...result };
}

const inline = (id: string) => gateway.ask(BY_VARIABLE.replace("($id: ID!)", "").replace("$id", id));
const post = (variables: string) =>
  ask(gateway.url, `{"query":${JSON.stringify(BY_VARIABLE)},"variables":${variables}}`, {
    "x-bkapi-authorization": AUTHORIZATION,
  });

/** All ways to write an id in a request. */
const WAYS: readonly (readonly [way: string, ask: (id: string) => Promise<GraphQLResponse>])[] = [
  ["a string in the document", (id) => inline(`"${id}"`)],
  ["an integer in the document", (id) => inline(id)],
  ["a string in variables", (id) => gateway.ask(BY_VARIABLE, { id })],
  ["a number in the variables of a POST", (id) => post(`{"id":${id}}`)],
  ["a number in the variables of a GET", (id) => get(`{"id":${id}}`)],
  ["a string in the variables of a GET", (id) => get(`{"id":"${id}"}`)],
];

describe.each(WAYS)("an id given as %s", (_, ask) => {
  it("reaches the upstream and returns with every digit", async () => {
    gateway.simulator.requests.length = 0;

    const { data, errors } = await ask(HUGE);

    expect(errors).toBeUndefined();
    expect(data.jobInstance.jobInstanceId).toBe(HUGE);
    expect(gateway.simulator.requests.map(({ query }) => query.job_instance_id)).toEqual([HUGE]);
  });

  it("can be the largest 64-bit integer", async () => {
    gateway.simulator.requests.length = 0;
    expect((await ask(MAX)).data.jobInstance.__typename).toBe("JobInstanceNotFound");
    expect(gateway.simulator.requests.map(({ query }) => query.job_instance_id)).toEqual([MAX]);
  });

  it.each(["9223372036854775808", "10000000000000000000", "-1", "0"])(
    "is rejected if it is %s, without an upstream call",
    async (id) => {
      gateway.simulator.requests.length = 0;
      const { extensions } = onlyError(await ask(id));
      expect(extensions.code).toBe("BAD_USER_INPUT");
      expect(gateway.simulator.requests).toEqual([]);
    },
  );
});

describe.each(Object.keys(DIALECT_NAMES) as Dialect[])("ids above 2^53 in the dialect «%s»", (dialect) => {
  it("keep every digit in all fields", async () => {
    const { ask, close } = await startGateway({ simulator: { dialect } });
    const { data, errors } = await ask(`{
      jobInstance(${ref(HUGE)}) {
        ... on JobInstance {
          id jobInstanceId
          step(stepInstanceId: "9007199254740995") { name }
          steps {
            id stepInstanceId
            hostResults(filter: { hostIds: ["9007199254740997", "9007199254740999"] }) { nodes { id hostId } }
          }
        }
      }
    }`);
    await close();

    expect(errors).toBeUndefined();
    const { steps, ...job } = data.jobInstance;
    expect(job).toEqual({
      id: expect.stringContaining(HUGE),
      jobInstanceId: HUGE,
      step: { name: "执行脚本" },
    });
    expect(steps[0]).toMatchObject({
      id: expect.stringContaining("9007199254740995"),
      stepInstanceId: "9007199254740995",
    });
    expect(steps[0].hostResults.nodes).toEqual(
      ["9007199254740997", "9007199254740999"].map((hostId) => ({
        id: expect.stringContaining(hostId),
        hostId,
      })),
    );
  });
});

describe("ids in a response", () => {
  const ask = async (id: bigint | number) => {
    gateway.simulator.script("7", () =>
      changedJobResponse({
        job: { job_instance_id: id },
        step: { step_instance_id: id },
        target: { type: 2, container: { id, container_id: "c", name: "n", node_host_id: id } },
      }),
    );
    return gateway.ask(`{ jobInstance(${ref("7")}) { ... on JobInstance {
      jobInstanceId steps { stepInstanceId hostResults { nodes { container { id nodeHostId } } } }
    } } }`);
  };

  it.each(
    [1n, 20_000_000_000n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)].map(
      String,
    ),
  )("%s keep every digit", async (digits) => {
    const { data, errors } = await ask(BigInt(digits));
    expect(errors).toBeUndefined();
    expect(data.jobInstance).toEqual({
      jobInstanceId: digits,
      steps: [
        {
          stepInstanceId: digits,
          hostResults: { nodes: [{ container: { id: digits, nodeHostId: digits } }] },
        },
      ],
    });
  });

  it.each([2n ** 63n, -(2n ** 63n) - 1n].map(String))("%s violate the contract", async (digits) => {
    const { message, extensions } = onlyError(await ask(BigInt(digits)));
    expect(extensions.code).toBe("UPSTREAM_CONTRACT");
    expect(message).toBe(`Expected data.job_instance.job_instance_id to be a 64-bit integer, got ${digits}.`);
  });
});
