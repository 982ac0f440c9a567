/** Contract violations, valid variations, and the path in the error message. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimulatedResponse } from "../../src/simulator/response.ts";
import { jobField, jobQuery, onJob, onlyError } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { type Changes, changedJobResponse, stepRow } from "../support/job-payload.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const ROW = `hostId ip ipv6 cloudId cloudName agentId isAgentAlive statusCode tag exitCode errorCode
  startedAt finishedAt durationMs container { id containerId name nodeHostId }`;

const JOB = jobQuery(
  "7",
  onJob(`jobInstanceId name statusCode createdAt startedAt finishedAt durationMs upstreamRequestId
    steps { stepInstanceId typeCode statusCode retryCount createdAt startedAt finishedAt durationMs
      hostResults { nodes { ${ROW} } } }`),
);

function askScripted(answer: SimulatedResponse, query = JOB) {
  gateway.simulator.script("7", () => answer);
  return gateway.ask(query);
}

const LIST = "data.step_instance_list";
const ROWS = `${LIST}[0].step_ip_result_list`;
const TARGET = `${LIST}[0].step_execute_object_result_list[0].execute_object`;
const INT32 = "a 32-bit integer";
const INT64 = "a 64-bit integer";
const SAFE = "an integer within ±(2^53-1)";
const INSTANT = "milliseconds since the epoch, no later than the year 9999";
const YEAR_10000 = 253_402_300_800_000;

const BREAKS: readonly (readonly [changes: Changes, complaint: string])[] = [
  [{ body: { data: "text" } }, 'data to be an object, got "text"'],
  [{ body: { data: [] } }, "data to be an object, got an array"],
  [{ data: { finished: undefined } }, "data.finished to be true or false, got nothing"],
  [{ data: { finished: "true" } }, 'data.finished to be true or false, got "true"'],
  [{ data: { finished: 1 } }, "data.finished to be true or false, got 1"],
  [{ data: { job_instance: [] } }, "data.job_instance to be an object, got an array"],
  [{ data: { step_instance_list: null } }, `${LIST} to be an array, got nothing`],
  [{ data: { step_instance_list: {} } }, `${LIST} to be an array, got an object`],
  [{ data: { step_instance_list: [null] } }, `${LIST}[0] to be an object, got nothing`],

  [{ job: { job_instance_id: undefined } }, `data.job_instance.job_instance_id to be ${INT64}, got nothing`],
  [{ job: { job_instance_id: "7" } }, `data.job_instance.job_instance_id to be ${INT64}, got "7"`],
  [{ job: { job_instance_id: 7.5 } }, `data.job_instance.job_instance_id to be ${INT64}, got 7.5`],
  [
    { job: { job_instance_id: 9_223_372_036_854_775_808n } },
    `data.job_instance.job_instance_id to be ${INT64}, got 9223372036854775808`,
  ],
  [{ job: { job_instance_id: 1e300 } }, `data.job_instance.job_instance_id to be ${INT64}, got 1e+300`],
  [{ job: { name: null } }, "data.job_instance.name to be a string, got nothing"],
  [{ job: { name: 5 } }, "data.job_instance.name to be a string, got 5"],
  [{ job: { bk_scope_type: undefined } }, "data.job_instance.bk_scope_type to be a string, got nothing"],
  [{ job: { bk_scope_id: 1 } }, "data.job_instance.bk_scope_id to be a string, got 1"],
  [{ job: { status: undefined } }, `data.job_instance.status to be ${INT32}, got nothing`],
  [{ job: { status: 2 ** 31 } }, `data.job_instance.status to be ${INT32}, got 2147483648`],
  [{ job: { status: 3.5 } }, `data.job_instance.status to be ${INT32}, got 3.5`],
  [{ job: { create_time: undefined } }, `data.job_instance.create_time to be ${INSTANT}, got nothing`],
  [
    { job: { create_time: "2026-03-10" } },
    `data.job_instance.create_time to be ${INSTANT}, got "2026-03-10"`,
  ],
  [{ job: { start_time: 0.5 } }, `data.job_instance.start_time to be ${INSTANT}, got 0.5`],
  [{ job: { end_time: 1e300 } }, `data.job_instance.end_time to be ${INSTANT}, got 1e+300`],
  [{ job: { end_time: 8.64e15 + 1 } }, `data.job_instance.end_time to be ${INSTANT}, got 8640000000000001`],
  [{ job: { end_time: YEAR_10000 } }, `data.job_instance.end_time to be ${INSTANT}, got ${YEAR_10000}`],
  [{ job: { end_time: -1e15 } }, `data.job_instance.end_time to be ${INSTANT}, got -1000000000000000`],
  [{ job: { total_time: 2 ** 53 } }, `data.job_instance.total_time to be ${SAFE}, got 9007199254740992`],
  [{ job: { total_time: 0.5 } }, `data.job_instance.total_time to be ${SAFE}, got 0.5`],

  [{ step: { step_instance_id: 75.5 } }, `${LIST}[0].step_instance_id to be ${INT64}, got 75.5`],
  [{ step: { type: null } }, `${LIST}[0].type to be ${INT32}, got nothing`],
  [{ step: { name: undefined } }, `${LIST}[0].name to be a string, got nothing`],
  [{ step: { status: "3" } }, `${LIST}[0].status to be ${INT32}, got "3"`],
  [{ step: { status: -(2 ** 31) - 1 } }, `${LIST}[0].status to be ${INT32}, got -2147483649`],
  [{ step: { execute_count: undefined } }, `${LIST}[0].execute_count to be ${INT32}, got nothing`],
  [{ step: { create_time: true } }, `${LIST}[0].create_time to be ${INSTANT}, got true`],
  [{ step: { step_ip_result_list: {} } }, `${ROWS} to be an array, got an object`],
  [{ step: { step_ip_result_list: [[]] } }, `${ROWS}[0] to be an object, got an array`],

  [{ row: { status: undefined } }, `${ROWS}[0].status to be ${INT32}, got nothing`],
  [{ row: { status: 2 ** 40 } }, `${ROWS}[0].status to be ${INT32}, got 1099511627776`],
  [{ row: { bk_host_id: 1.5 } }, `${ROWS}[0].bk_host_id to be ${INT64}, got 1.5`],
  [{ row: { bk_cloud_id: "0" } }, `${ROWS}[0].bk_cloud_id to be ${INT64}, got "0"`],
  [{ row: { ip: 1 } }, `${ROWS}[0].ip to be a string, got 1`],
  [{ row: { tag: {} } }, `${ROWS}[0].tag to be a string, got an object`],
  [{ row: { exit_code: 2 ** 31 } }, `${ROWS}[0].exit_code to be ${INT32}, got 2147483648`],
  [{ row: { exit_code: "0" } }, `${ROWS}[0].exit_code to be ${INT32}, got "0"`],
  [{ row: { error_code: 0.1 } }, `${ROWS}[0].error_code to be ${INT32}, got 0.1`],
  [{ row: { start_time: 1e300 } }, `${ROWS}[0].start_time to be ${INSTANT}, got 1e+300`],
  [{ row: { total_time: "1" } }, `${ROWS}[0].total_time to be ${SAFE}, got "1"`],

  [{ row: { execute_object: 1 } }, `${ROWS}[0].execute_object to be an object, got 1`],
  [{ target: { type: 1, host: [] } }, `${TARGET}.host to be an object, got an array`],
  [{ target: { type: 1, host: { bk_host_id: "1" } } }, `${TARGET}.host.bk_host_id to be ${INT64}, got "1"`],
  [{ target: { type: 1, host: { alive: "1" } } }, `${TARGET}.host.alive to be ${INT32}, got "1"`],
  [{ target: { type: 2, container: {} } }, `${TARGET}.container.id to be ${INT64}, got nothing`],
  [
    { target: { type: 2, container: { id: 1 } } },
    `${TARGET}.container.container_id to be a string, got nothing`,
  ],
];

describe("a contract violation", () => {
  it.each(BREAKS.map(([changes, message]) => [message, changes] as const))(
    "%s",
    async (expected, changes) => {
      const answer = await askScripted(changedJobResponse(changes));

      expect(answer.data).toEqual({ jobInstance: null });
      expect(onlyError(answer)).toMatchObject({
        message: `Expected ${expected}.`,
        path: ["jobInstance"],
        extensions: {
          code: "UPSTREAM_CONTRACT",
          upstream: { httpStatus: 200, code: null, jobRequestId: "request-1" },
        },
      });
    },
  );

  it("names the path of an item late in a list", async () => {
    const rows = [{ status: 9 }, { status: 9 }, { status: 9 }, { status: null }];
    const steps = [stepRow(), stepRow(), stepRow({ step_execute_object_result_list: rows })];

    const { message } = onlyError(
      await askScripted(changedJobResponse({ data: { step_instance_list: steps } })),
    );

    expect(message).toBe(
      `Expected ${LIST}[2].step_execute_object_result_list[3].status to be ${INT32}, got nothing.`,
    );
  });

  it("does not quote long strings", async () => {
    const { message } = onlyError(
      await askScripted(changedJobResponse({ step: { status: "x".repeat(99) } })),
    );
    expect(message).toBe(`Expected ${LIST}[0].status to be ${INT32}, got a string of 99 characters.`);
  });

  it("is not reported in host results that are not selected", async () => {
    const name = jobQuery("7", onJob("name"));
    const { data, errors } = await askScripted(changedJobResponse({ row: { status: "9" } }), name);
    expect(errors).toBeUndefined();
    expect(data.jobInstance.name).toBe("job");
  });

  it("fails only its lookup", async () => {
    gateway.simulator.script("7", () => changedJobResponse({ job: { status: "3" } }));
    const { data, errors } = await gateway.ask(`{
      bad: ${jobField("7")}
      good: ${jobField("100")}
    }`);
    expect(data).toEqual({ bad: null, good: { __typename: "JobInstance" } });
    expect(errors?.map(({ path }) => path)).toEqual([["bad"]]);
  });
});

describe("a valid response", () => {
  it.each<[string, Changes]>([
    ["with unknown fields", { body: { x: 1 }, job: { x: [] }, step: { x: {} }, row: { x: null } }],
    ["with unknown codes", { job: { status: 99 }, step: { status: -1, type: 0 }, row: { status: 12_345 } }],
    ["without a request id", { body: { job_request_id: undefined } }],
    ["with an empty job name", { job: { name: "" } }],
    ["with the earliest and latest times", { job: { start_time: 0, end_time: YEAR_10000 - 1 } }],
    ["with the longest duration", { job: { total_time: 2 ** 53 - 1 } }],
    ["with a negative exit code", { row: { exit_code: -1 } }],
    ["without steps", { data: { step_instance_list: [] } }],
    ["with an empty execute object", { target: {} }],
    ["with an unknown agent state", { target: { type: 1, host: { bk_host_id: 1, alive: 2 } } }],
    ["with empty strings for unknown values", { target: { host: { ip: "", ipv6: "", bk_agent_id: "" } } }],
  ])("is accepted %s", async (_, changes) => {
    const { data, errors } = await askScripted(changedJobResponse(changes));
    expect(errors).toBeUndefined();
    expect(data.jobInstance.jobInstanceId).toBe("7");
  });

  it.each([
    "application/json",
    "application/json;charset=UTF-8",
    "APPLICATION/JSON",
    "application/vnd.x+json",
    undefined,
  ])("is accepted as JSON with the content type %s", async (type) => {
    const { body } = changedJobResponse({});
    const headers = type === undefined ? {} : { "content-type": type };
    const { errors } = await askScripted({ kind: "raw", status: 200, headers, body: JSON.stringify(body) });
    expect(errors).toBeUndefined();
  });

  it("is accepted after a byte order mark", async () => {
    const { body } = changedJobResponse({});
    const { errors } = await askScripted({ kind: "raw", status: 200, body: `\uFEFF${JSON.stringify(body)}` });
    expect(errors).toBeUndefined();
  });

  it.each(["text/plain", "text/html; charset=utf-8", "application/xml"])(
    "is rejected with the content type %s",
    async (type) => {
      const { body } = changedJobResponse({});
      const headers = { "content-type": type };
      const answer = await askScripted({ kind: "raw", status: 200, headers, body: JSON.stringify(body) });
      expect(onlyError(answer).extensions.code).toBe("UPSTREAM_CONTRACT");
    },
  );
});
