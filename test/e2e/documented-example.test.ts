/** The example of the endpoint's documentation, job 100, through the whole gateway. */
import { expect, it } from "vitest";
import { ref } from "../support/ask.ts";
import { useGateway } from "../support/gateway.ts";

const REF = ref("100");

it("returns every field of the example with one upstream call", async () => {
  const { ask, simulator } = await useGateway({ simulator: { dialect: "contract" } });

  const { data, errors } = await ask(`{
    jobInstance(${REF}) {
      ... on JobInstance {
        jobInstanceId name status statusCode phase isFinished
        scope { type typeRaw id }
        createdAt startedAt finishedAt durationMs elapsedMs upstreamRequestId
        currentStep { name }
        stepSummary { total failed byStatus { status statusCode count } }
        hostSummary { total succeeded byStatus { status statusCode count } }
        steps {
          stepInstanceId name type typeCode status statusCode phase isFinished retryCount
          createdAt startedAt finishedAt durationMs elapsedMs
          hostResults {
            totalCount
            pageInfo { hasNextPage }
            nodes {
              hostId ip ipv6 cloudId cloudName agentId isAgentAlive container { name }
              status statusCode phase tag exitCode errorCode startedAt finishedAt durationMs
            }
          }
        }
      }
    }
  }`);

  expect(errors).toBeUndefined();
  const times = {
    startedAt: "2020-11-11T03:11:11.000Z",
    finishedAt: "2020-11-11T03:11:12.000Z",
    durationMs: 1000,
  };
  const failed = { name: "API Quick execution script1", status: "FAILED", statusCode: 4, phase: "FAILED" };
  const run1 = { ...failed, ...times, isFinished: true, createdAt: times.startedAt, elapsedMs: 1000 };
  expect(data.jobInstance).toEqual({
    ...run1,
    jobInstanceId: "100",
    scope: { type: "BIZ", typeRaw: "biz", id: "1" },
    upstreamRequestId: expect.any(String),
    currentStep: null,
    stepSummary: { total: 1, failed: 1, byStatus: [{ status: "FAILED", statusCode: 4, count: 1 }] },
    hostSummary: { total: 1, succeeded: 1, byStatus: [{ status: "SUCCEEDED", statusCode: 9, count: 1 }] },
    steps: [
      {
        ...run1,
        stepInstanceId: "75",
        type: "SCRIPT",
        typeCode: 1,
        retryCount: 0,
        hostResults: {
          totalCount: 1,
          pageInfo: { hasNextPage: false },
          nodes: [
            {
              ...times,
              hostId: "101",
              ip: "127.0.0.1",
              ipv6: null,
              cloudId: "0",
              cloudName: null,
              agentId: null,
              isAgentAlive: null,
              container: null,
              status: "SUCCEEDED",
              statusCode: 9,
              phase: "SUCCEEDED",
              tag: null,
              exitCode: 0,
              errorCode: 0,
            },
          ],
        },
      },
    ],
  });
  expect(simulator.requests).toHaveLength(1);
});

it("does not request host results if none are selected", async () => {
  const { ask, simulator } = await useGateway({ simulator: { dialect: "contract" } });

  const { data } = await ask(
    `{ jobInstance(${REF}) { ... on JobInstance { steps { name } stepSummary { total } } } }`,
  );

  expect(data.jobInstance.stepSummary.total).toBe(1);
  expect(simulator.requests).toHaveLength(1);
  expect(simulator.requests[0]?.query).toEqual({
    bk_scope_type: "biz",
    bk_scope_id: "1",
    job_instance_id: "100",
  });
});
