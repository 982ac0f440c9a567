/**
 * The jobs of the sequences at each version, independent of the dialect. Both the responses of the simulator and the
 * expected results of the gateway are derived from these data.
 */

/** One result of a step, with null for absent values. */
export interface TrueRow {
  readonly hostId: bigint | null;
  readonly ip: string | null;
  readonly containerName: string | null;
  readonly statusCode: number;
  /** As sent; an empty string means no tag. */
  readonly tag: string | null;
  readonly exitCode: number | null;
}

export interface TrueStep {
  readonly id: bigint;
  readonly name: string;
  readonly typeCode: number;
  readonly statusCode: number;
  readonly retryCount: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** Null before the step has started. */
  readonly rows: readonly TrueRow[] | null;
}

export interface TrueJob {
  readonly statusCode: number;
  readonly isFinished: boolean;
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly steps: readonly TrueStep[];
}

/** The dialect of a job. */
export type Form = "contract" | "release";

interface JobKind {
  readonly form: Form;
  readonly hosts: number;
  readonly firstStepId: bigint;
  readonly firstHostId: bigint;
}

/** Jobs that change from version to version. */
export const CHANGING_JOBS: Readonly<Record<string, JobKind>> = {
  "801": { form: "contract", hosts: 5, firstStepId: 8_010n, firstHostId: 100n },
  "802": { form: "release", hosts: 6, firstStepId: 8_020n, firstHostId: 200n },
  // Steps and hosts with consecutive ids above 2^53, which would be equal as floating-point numbers.
  "9007199254740995": {
    form: "contract",
    hosts: 4,
    firstStepId: 9_007_199_254_740_993n,
    firstHostId: 9_223_372_036_854_775_800n,
  },
  // More than one page.
  "803": { form: "release", hosts: 130, firstStepId: 8_030n, firstHostId: 9_007_199_254_740_993n },
  // Fail at some versions, see `upstream.ts`.
  "804": { form: "contract", hosts: 3, firstStepId: 8_040n, firstHostId: 400n },
  "805": { form: "release", hosts: 3, firstStepId: 8_050n, firstHostId: 500n },
  "806": { form: "contract", hosts: 2, firstStepId: 8_060n, firstHostId: 600n },
  "807": { form: "release", hosts: 2, firstStepId: 8_070n, firstHostId: 700n },
};

/** Tags, which scripts can set to any string. */
const TAGS = [
  "ok",
  "",
  'he said "no" \\ and left',
  "line\nbreak\r\n\ttab",
  "磁盘已满",
  "👩‍👩‍👧 \u2028 \u0000 \u007f",
  '","id":"forged","x":"',
  null,
] as const;

const CREATED = Date.UTC(2026, 1, 3, 4, 5, 6, 7);
const MINUTE_MS = 60_000;

/** The upstream's status codes of hosts. */
const [WAITING, RUNNING, SUCCEEDED, FAILED] = [5, 7, 9, 104];

/** Each four versions: running, failed, retried, succeeded. */
const PHASES = [
  { job: 2, steps: [2, 1], rows: [[WAITING, RUNNING, SUCCEEDED], null] },
  { job: 4, steps: [3, 4], rows: [[SUCCEEDED], [SUCCEEDED, FAILED]] },
  { job: 2, steps: [3, 2], rows: [[SUCCEEDED], [SUCCEEDED, RUNNING, WAITING]] },
  { job: 3, steps: [3, 3], rows: [[SUCCEEDED], [SUCCEEDED]] },
] as const;

const isOver = (statusCode: number): boolean => statusCode === 3 || statusCode === 4;

/** The job at a version; null for other jobs than `CHANGING_JOBS`. */
export function stateOf(jobId: string, version: number): TrueJob | null {
  const kind = CHANGING_JOBS[jobId];
  const phase = PHASES[version % PHASES.length];
  if (!kind || !phase) return null;
  const startedAt = CREATED + version * MINUTE_MS;
  return {
    statusCode: phase.job,
    isFinished: isOver(phase.job),
    startedAt,
    finishedAt: isOver(phase.job) ? startedAt + 2_345 : null,
    steps: phase.steps.map((statusCode, index): TrueStep => {
      const statuses = phase.rows[index] ?? null;
      return {
        id: kind.firstStepId + BigInt(index),
        name: `step ${index} "of" ${version}`,
        typeCode: index === 0 ? 1 : 2,
        statusCode,
        retryCount: Math.floor((version + 2) / PHASES.length),
        startedAt: statuses && startedAt + index,
        finishedAt: isOver(statusCode) ? startedAt + 1_000 + index : null,
        rows: statuses && rowsOf(kind, statuses, version + index),
      };
    }),
  };
}

function rowsOf(
  { form, hosts, firstHostId }: JobKind,
  statuses: readonly number[],
  shift: number,
): readonly TrueRow[] {
  const row = (index: number): TrueRow => {
    const statusCode = statuses[(index + shift) % statuses.length] ?? SUCCEEDED;
    const isContainer = form === "release" && index % 5 === 3;
    return {
      hostId: isContainer ? null : firstHostId + BigInt(index),
      ip: isContainer || index % 7 === 6 ? null : `10.0.${index >> 6}.${index & 63}`,
      containerName: isContainer ? `pod "${index}" 容器` : null,
      statusCode,
      tag: TAGS[(index * 3 + shift) % TAGS.length] ?? null,
      exitCode: statusCode === SUCCEEDED ? 0 : statusCode === FAILED ? -index : null,
    };
  };
  const rows = Array.from({ length: hosts }, (_, index) => row(index));
  // One host has two results in one step.
  return [...rows, { ...row(0), tag: "again" }];
}
