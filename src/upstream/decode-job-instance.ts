/** Decodes the body of a successful response into a job instance. */
import { createHostResults, type HostResults } from "../model/host-results.ts";
import { createHostTableBuilder, finishTable } from "../model/host-table-builder.ts";
import {
  type JobInstance,
  jobPath,
  type RequiredData,
  type ResourceScope,
  type StepInstance,
} from "../model/job-instance.ts";
import { isTerminal, runStatus } from "../model/status.ts";
import {
  atPath,
  decodeBoolean,
  decodeInstant,
  decodeInt32,
  decodeInt64,
  decodeList,
  decodeObject,
  decodeOptionalInstant,
  decodeOptionalSafeInteger,
  decodeString,
  type UpstreamObject,
} from "./decoders.ts";
import { hostTableOf } from "./json-body.ts";

export interface ResponseInfo {
  readonly requiredData: RequiredData;
  /** When the response was received, in milliseconds since the epoch. */
  readonly observedAt: number;
  readonly upstreamRequestId: string | null;
}

/**
 * @param body the result of a `BodyReader` with the same required data.
 * @throws ContractViolation with the path of the value, such as `data.step_instance_list[0].status`.
 */
export function decodeJobInstance(body: unknown, response: ResponseInfo): JobInstance {
  const data = decodeObject(decodeObject(body, "").data, "data");
  return atPath("data", () => {
    const job = decodeObject(data.job_instance, "job_instance");
    const isFinished = decodeBoolean(data.finished, "finished");
    const { scope, jobInstanceId, name, statusCode, times } = atPath("job_instance", () =>
      decodeJob(job, isFinished),
    );
    const path = jobPath(scope, jobInstanceId);
    return {
      kind: "job",
      scope,
      jobInstanceId,
      name,
      statusCode,
      isFinished,
      createdAt: times.createdAt,
      startedAt: times.startedAt,
      finishedAt: times.finishedAt,
      durationMs: times.durationMs,
      steps: decodeList(data.step_instance_list, "step_instance_list", (step) =>
        decodeStep(step, path, response),
      ),
      observedAt: response.observedAt,
      upstreamRequestId: response.upstreamRequestId,
    };
  });
}

function decodeJob(job: UpstreamObject, isFinished: boolean) {
  const scope: ResourceScope = {
    typeRaw: decodeString(job.bk_scope_type, "bk_scope_type"),
    id: decodeString(job.bk_scope_id, "bk_scope_id"),
  };
  return {
    scope,
    jobInstanceId: decodeInt64(job.job_instance_id, "job_instance_id"),
    name: decodeString(job.name, "name"),
    statusCode: decodeInt32(job.status, "status"),
    times: readTimes(job, !isFinished),
  };
}

function decodeStep(value: unknown, job: string, { requiredData, observedAt }: ResponseInfo): StepInstance {
  const step = decodeObject(value, "");
  const stepInstanceId = decodeInt64(step.step_instance_id, "step_instance_id");
  const retryCount = decodeInt32(step.execute_count, "execute_count");
  const statusCode = decodeInt32(step.status, "status");
  const { phase } = runStatus(statusCode);
  const isFinished = isTerminal(phase);
  const name = decodeString(step.name, "name");
  const typeCode = decodeInt32(step.type, "type");
  const { createdAt, startedAt, finishedAt, durationMs } = readTimes(
    step,
    !isFinished && phase !== "UNKNOWN",
  );
  return {
    path: `${job}/${stepInstanceId}`,
    stepInstanceId,
    name,
    typeCode,
    statusCode,
    isFinished,
    retryCount,
    createdAt,
    startedAt,
    finishedAt,
    durationMs,
    observedAt,
    hostResults: requiredData === "hosts" ? decodeHostResults(step) : null,
  };
}

/**
 * The host results of a step. Documented servers send `step_ip_result_list`, released ones
 * `step_execute_object_result_list`. If both are absent, the step has no host results.
 */
function decodeHostResults(step: UpstreamObject): HostResults {
  const released = hostTableOf(step.step_execute_object_result_list, "step_execute_object_result_list");
  const hasReleased = released !== null && released.length > 0;
  const table = hasReleased ? released : hostTableOf(step.step_ip_result_list, "step_ip_result_list");
  return createHostResults(table ?? released ?? NO_ROWS);
}

const NO_ROWS = finishTable(createHostTableBuilder(), 0, new Uint8Array(0));

/**
 * @param isRunning whether the job or step is known not to have ended. End time and duration are then omitted, because
 *   a restarted confirmation still has those of its previous run.
 */
function readTimes(run: UpstreamObject, isRunning: boolean) {
  const finishedAt = decodeOptionalInstant(run.end_time, "end_time");
  const durationMs = decodeOptionalSafeInteger(run.total_time, "total_time");
  return {
    createdAt: decodeInstant(run.create_time, "create_time"),
    startedAt: decodeOptionalInstant(run.start_time, "start_time"),
    finishedAt: isRunning ? null : finishedAt,
    durationMs: isRunning ? null : durationMs,
  };
}
