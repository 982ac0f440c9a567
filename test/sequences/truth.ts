/** The expected response to the truth document, computed from the states of the jobs. */
import { isDeepStrictEqual } from "node:util";
import { CHANGING_JOBS, stateOf, type TrueRow, type TrueStep } from "./job-states.ts";
import type { Result } from "./reference.ts";

/** The selection of the truth document. */
interface ReportedJob {
  readonly __typename: string;
  readonly jobInstanceId: string;
  readonly upstreamRequestId: string;
  readonly observedAt: string;
  readonly steps: readonly ReportedStep[];
}

interface ReportedStep {
  readonly hostSummary?: { readonly total: number };
  readonly hostResults?: { readonly nodes: readonly object[] };
}

/** The version of the job in a response to the truth document, and the time of its read; null if there is no job. */
export function readingOf({ data }: Result): { version: number; observedAt: number } | null {
  const job = jobIn(data);
  const version = /^request-.*-(\d+)$/.exec(job?.upstreamRequestId ?? "")?.[1];
  return job && version !== undefined
    ? { version: Number(version), observedAt: Date.parse(job.observedAt) }
    : null;
}

/** The first error in a response to the truth document; null if there is none or the job is not a changing job. */
export function errorInTruth({ data, errors }: Result, first: number): string | null {
  const job = jobIn(data);
  const reading = readingOf({ data });
  if (!job || !reading || errors || !CHANGING_JOBS[job.jobInstanceId]) return null;
  const state = stateOf(job.jobInstanceId, reading.version);
  if (!state) return `expected a changing job, got ${job.jobInstanceId}`;
  const { steps, ...reported } = job;
  const expected = {
    statusCode: state.statusCode,
    isFinished: state.isFinished,
    startedAt: instant(state.startedAt),
    finishedAt: instant(state.finishedAt),
  };
  const wrong = differenceIn(expected, { ...reported });
  if (wrong) return wrong;
  if (steps.length !== state.steps.length) return `expected ${state.steps.length} steps, got ${steps.length}`;
  const errorsOfSteps = state.steps.map((step, index) => errorInStep(step, steps[index], first));
  return errorsOfSteps.find((error) => error !== null) ?? null;
}

// The shape is what the document selects.
const jobIn = (data: unknown): ReportedJob | null => {
  const job = (data as { jobInstance?: ReportedJob | null } | null | undefined)?.jobInstance;
  return job?.__typename === "JobInstance" ? job : null;
};

function errorInStep(step: TrueStep, reported: ReportedStep | undefined, first: number): string | null {
  const { id, name, statusCode, typeCode, retryCount, rows } = step;
  const fields = { stepInstanceId: String(id), name, statusCode, typeCode, retryCount };
  const wrong = differenceIn(fields, { ...reported });
  if (wrong || !reported?.hostResults) return wrong;
  const expected = (rows ?? []).map(expectedRow);
  const { nodes } = reported.hostResults;
  const [total, length] = [expected.length, Math.min(expected.length, first)];
  if (reported.hostSummary?.total !== total || nodes.length !== length)
    return `expected ${total} rows, ${length} of them shown, got ${reported.hostSummary?.total} and ${nodes.length}`;
  // A page is any subset of the rows, because the gateway's order differs from the upstream's.
  const left = new Set(expected);
  for (const node of nodes) {
    const found = [...left].find((row) => isDeepStrictEqual(row, { ...node }));
    if (!found) return `expected a row as sent, got ${JSON.stringify(node)}`;
    left.delete(found);
  }
  return null;
}

const expectedRow = ({ hostId, ip, containerName, statusCode, tag, exitCode }: TrueRow) => ({
  hostId: hostId === null ? null : String(hostId),
  ip,
  container: containerName === null ? null : { name: containerName },
  statusCode,
  tag: tag === "" ? null : tag,
  exitCode,
});

const instant = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

function differenceIn(expected: object, actual: Readonly<Record<string, unknown>>): string | null {
  for (const [key, value] of Object.entries(expected)) {
    if (actual[key] !== value)
      return `expected ${key} to be ${JSON.stringify(value)}, got ${JSON.stringify(actual[key])}`;
  }
  return null;
}
