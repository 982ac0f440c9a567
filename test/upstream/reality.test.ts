/** Cases in which the upstream differs from its documentation, and their results. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DIALECT_NAMES, type Dialect } from "../../src/simulator/render.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { type Changes, CREATED, changedJobResponse } from "../support/job-payload.ts";

const TIMES = "startedAt finishedAt durationMs elapsedMs";
const HEAD = `name status statusCode phase isFinished ${TIMES}`;
const ROW = `hostId ip ipv6 cloudId cloudName agentId isAgentAlive container { id containerId name nodeHostId }
  status statusCode phase tag exitCode errorCode startedAt finishedAt durationMs`;
const JOB = `${HEAD} observedAt scope { type typeRaw id } currentStep { name } hostSummary { total }
  steps { ${HEAD} type typeCode retryCount hostResults { totalCount nodes { ${ROW} } } hostSummary { total } }`;

const REFERENCE_SCOPE: Readonly<Record<string, string>> = {
  "20000000015": `scopeType: BIZ_SET, scopeId: "9991001"`,
};

const read = async ({ ask }: TestGateway, id: string) => {
  const ref = `${REFERENCE_SCOPE[id] ?? `scopeId: "1"`}, jobInstanceId: "${id}"`;
  const { data, errors } = await ask(`{ jobInstance(ref: { ${ref} }) { ... on JobInstance { ${JOB} } } }`);
  expect(errors).toBeUndefined();
  return data.jobInstance;
};

const NO_TIMES = { startedAt: null, finishedAt: null, durationMs: null, elapsedMs: null };
const RUNNING = { finishedAt: null, durationMs: null };
const NO_HOSTS = { hostResults: { totalCount: 0, nodes: [] }, hostSummary: { total: 0 } };

/** Milliseconds from a run's start to the instant at which the job was observed. */
const sinceStart = (run: { startedAt: string }, { observedAt }: { observedAt: string }) =>
  Date.parse(observedAt) - Date.parse(run.startedAt);

describe.each(Object.keys(DIALECT_NAMES) as Dialect[])("in the dialect «%s»", (dialect) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ simulator: { dialect } });
  });
  afterAll(() => gateway.close());

  it("a job that has not started has no times, no current step and no hosts", async () => {
    expect(await read(gateway, "20000000010")).toMatchObject({
      ...NO_TIMES,
      status: "PENDING",
      isFinished: false,
      currentStep: null,
      hostSummary: { total: 0 },
      steps: [{ ...NO_TIMES, ...NO_HOSTS, status: "PENDING", isFinished: false, retryCount: 0 }],
    });
  });

  it("a step that a failed job did not reach has no times and no hosts", async () => {
    const { steps, ...job } = await read(gateway, "20000000002");
    expect(job).toMatchObject({ status: "FAILED", isFinished: true, elapsedMs: 305_965, currentStep: null });
    expect(steps[0]).toMatchObject({ retryCount: 1, finishedAt: "2026-03-09T06:35:06.000Z" });
    expect(steps[1]).toMatchObject({ ...NO_TIMES, ...NO_HOSTS, status: "PENDING" });
  });

  it("a job that waits for its user has that step as current step, without hosts", async () => {
    const job = await read(gateway, "20000000004");
    expect(job).toMatchObject({
      ...RUNNING,
      status: "WAITING_USER",
      phase: "WAITING_USER",
      isFinished: false,
      currentStep: { name: "DBA 确认" },
      hostSummary: { total: 2 },
    });
    expect(job.elapsedMs).toBe(sinceStart(job, job));
    expect(job.steps[1]).toMatchObject({ ...RUNNING, ...NO_HOSTS, type: "MANUAL_CONFIRM", typeCode: 3 });
    expect(job.steps[1].elapsedMs).toBe(sinceStart(job.steps[1], job));
    expect(job.steps[2]).toMatchObject({ ...NO_TIMES, status: "PENDING" });
  });

  it("a restarted confirmation does not have the end and the duration of its last run", async () => {
    const job = await read(gateway, "20000000012");
    expect(job).toMatchObject({ ...RUNNING, isFinished: false, currentStep: { name: "审批" } });
    expect(job.steps[0]).toMatchObject({ ...RUNNING, isFinished: false, retryCount: 1 });
    expect(job.elapsedMs).toBe(sinceStart(job, job));
    expect(job.steps[0].elapsedMs).toBe(sinceStart(job.steps[0], job));
    expect(job.steps[1]).toMatchObject(NO_TIMES);
  });

  it("a skipped step has an end but no duration", async () => {
    const { steps } = await read(gateway, "20000000011");
    expect(steps[0]).toMatchObject({ status: "ERROR_IGNORED", phase: "SUCCEEDED", isFinished: true });
    expect(steps[1]).toMatchObject({
      status: "SKIPPED",
      phase: "SUCCEEDED",
      isFinished: true,
      finishedAt: "2026-03-09T06:30:30.000Z",
      durationMs: null,
      elapsedMs: 20_900,
    });
  });

  it("pending hosts have no times, running hosts have only a start", async () => {
    const { steps } = await read(gateway, "20000000008");
    const [waiting, running] = ["PENDING", "RUNNING"].map((status) =>
      steps[1].hostResults.nodes.find((row: { status: string }) => row.status === status),
    );
    const { elapsedMs: _, ...none } = NO_TIMES;
    expect(waiting).toMatchObject({ ...none, phase: "PENDING", exitCode: null, tag: null });
    expect(running).toMatchObject({ ...RUNNING, startedAt: "2026-03-11T01:00:43.000Z", exitCode: null });
  });

  it("scripts that did not exit and results of file steps have no exit code", async () => {
    const { steps } = await read(gateway, "20000000008");
    const codeless = steps[0].hostResults.nodes.filter((row: { exitCode: unknown }) => row.exitCode === null);
    const codes: number[] = codeless.map((row: { statusCode: number }) => row.statusCode);
    expect(codes.toSorted((a, b) => a - b)).toEqual([2, 15, 18]);
    expect(steps[1].hostResults.nodes.every((row: { exitCode: unknown }) => row.exitCode === null)).toBe(
      true,
    );
  });

  it("unknown codes are UNRECOGNIZED, with their numbers", async () => {
    const unknown = (statusCode: number) => ({ status: "UNRECOGNIZED", statusCode, phase: "UNKNOWN" });
    expect(await read(gateway, "20000000013")).toMatchObject({
      ...unknown(99),
      isFinished: false,
      currentStep: null,
      steps: [
        {
          ...unknown(42),
          type: "UNRECOGNIZED",
          typeCode: 9,
          isFinished: false,
          hostResults: { nodes: [unknown(777)] },
        },
      ],
    });
  });

  it.each([
    ["20000000014", { type: "UNRECOGNIZED", typeRaw: "tenant_set", id: "1" }],
    ["20000000015", { type: "BIZ_SET", typeRaw: "biz_set", id: "9991001" }],
  ])("job %s is in scope %j", async (id, scope) => {
    expect((await read(gateway, id)).scope).toEqual(scope);
  });

  it("explicit nulls and empty lists are treated as absent", async () => {
    const job = await read(gateway, "20000000016");
    expect(job).toMatchObject({ ...RUNNING, currentStep: { name: "执行脚本" } });
    const { nodes } = job.steps[0].hostResults;
    expect(nodes.find((row: { ip: string }) => row.ip === "10.1.2.3")).toMatchObject({
      ...RUNNING,
      hostId: null,
      cloudId: "0",
      tag: null,
      exitCode: null,
    });
    expect(job.steps[1]).toMatchObject({ ...NO_TIMES, ...NO_HOSTS });
  });

  it("results that predate host ids have only an address", async () => {
    const { nodes } = (await read(gateway, "20000000009")).steps[0].hostResults;
    const history = nodes.filter((row: { hostId: unknown }) => row.hostId === null);
    expect(history.map(({ ip, cloudId }: Record<string, string>) => [ip, cloudId])).toEqual([
      ["10.0.1.247", "0"],
      ["10.0.1.248", "0"],
    ]);
  });

  it("a result without measurable duration has the upstream's 100 ms", async () => {
    const { nodes } = (await read(gateway, "20000000009")).steps[1].hostResults;
    const instant = nodes.filter(
      (row: { startedAt: string; finishedAt: string }) => row.startedAt === row.finishedAt,
    );
    expect(instant.map((row: { durationMs: number }) => row.durationMs)).toEqual([100, 100, 100]);
  });
});

describe("in the released dialect", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ simulator: { dialect: "release" } });
  });
  afterAll(() => gateway.close());

  it("hosts with IPv6 only have no ip", async () => {
    const { nodes } = (await read(gateway, "20000000009")).steps[0].hostResults;
    const ipv6Only = nodes.filter((row: { ipv6: unknown }) => row.ipv6 !== null);
    expect(ipv6Only.map(({ ip, ipv6 }: { ip: string; ipv6: string }) => [ip, ipv6])).toEqual([
      [null, "2001:db8::1f5"],
      [null, "2001:db8::1f6"],
    ]);
  });

  it("a host has its cloud area, its agent and the agent's state", async () => {
    const { nodes } = (await read(gateway, "20000000002")).steps[0].hostResults;
    const host = (id: string) => nodes.find((row: { hostId: string }) => row.hostId === id);
    expect(host("2000020")).toMatchObject({
      cloudId: "0",
      cloudName: "Default Area",
      agentId: expect.stringMatching(/^02000000/),
      isAgentAlive: true,
      container: null,
    });
    expect(host("2000031")).toMatchObject({ isAgentAlive: false, status: "AGENT_ABNORMAL" });
  });

  it("a container has no host fields", async () => {
    const { nodes } = (await read(gateway, "20000000005")).steps[0].hostResults;
    expect(nodes).toHaveLength(4);
    expect(nodes.find((row: { tag: string }) => row.tag === "oom")).toMatchObject({
      hostId: null,
      ip: null,
      cloudId: null,
      isAgentAlive: null,
      container: {
        id: "503",
        containerId: expect.stringMatching(/^docker:/),
        name: "order-cron",
        nodeHostId: "2000300",
      },
      exitCode: 137,
    });
  });
});

describe("in both dialects", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  const askScripted = (changes: Changes) => {
    gateway.simulator.script("7", () => changedJobResponse(changes));
    return read(gateway, "7");
  };

  it.each([
    ["", null],
    [" ", " "],
    ["0", "0"],
    ["磁盘满", "磁盘满"],
  ])("the tag %j is returned as %j", async (sent, tag) => {
    expect((await askScripted({ row: { tag: sent } })).steps[0].hostResults.nodes[0].tag).toBe(tag);
  });

  it("a duration can exceed 32 bits", async () => {
    const long = { end_time: CREATED + 2 ** 32, total_time: 2 ** 32 };
    const job = await askScripted({ job: long, step: long, row: long });
    expect(job).toMatchObject({ durationMs: 2 ** 32, elapsedMs: 2 ** 32 });
    expect(job.steps[0]).toMatchObject({ durationMs: 2 ** 32, elapsedMs: 2 ** 32 });
    expect(job.steps[0].hostResults.nodes[0].durationMs).toBe(2 ** 32);
  });

  it("elapsed time is never negative, even if the upstream's clock is ahead", async () => {
    const running = { status: 2, start_time: Date.now() + 3_600_000, end_time: null, total_time: null };
    const job = await askScripted({ data: { finished: false }, job: running, step: running });
    expect([job.elapsedMs, job.steps[0].elapsedMs]).toEqual([0, 0]);
  });

  it("`isFinished` of a job is the upstream's value, whatever the status", async () => {
    expect((await askScripted({ data: { finished: true }, job: { status: 99 } })).isFinished).toBe(true);
    expect((await askScripted({ data: { finished: false }, job: { status: 3 } })).isFinished).toBe(false);
  });

  it("a stopping step is the current step", async () => {
    const job = await askScripted({ data: { finished: false }, job: { status: 10 }, step: { status: 10 } });
    expect(job).toMatchObject({ status: "STOPPING", phase: "RUNNING", currentStep: { name: "step" } });
  });

  it("either list is read, and the released one if both are present", async () => {
    const row = { status: 9, tag: "old", ip: "10.0.0.1" };
    const released = { status: 9, tag: "new", execute_object: { type: 1, host: { bk_host_id: 1 } } };
    const tags = async (step: object) =>
      (
        await askScripted({ step: { step_ip_result_list: undefined, ...step } })
      ).steps[0].hostResults.nodes.map(({ tag }: { tag: string }) => tag);
    expect(await tags({ step_ip_result_list: [row] })).toEqual(["old"]);
    expect(await tags({ step_execute_object_result_list: [released] })).toEqual(["new"]);
    expect(await tags({ step_ip_result_list: [row], step_execute_object_result_list: [released] })).toEqual([
      "new",
    ]);
    expect(await tags({ step_ip_result_list: [row], step_execute_object_result_list: null })).toEqual([
      "old",
    ]);
    expect(await tags({ step_ip_result_list: [row], step_execute_object_result_list: [] })).toEqual(["old"]);
    expect(await tags({})).toEqual([]);
  });
});
