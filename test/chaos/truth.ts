/**
 * What is true: the version of each job, who may see it, and what the upstream has answered to each call. A response of
 * a gateway names its call by `upstreamRequestId`, so that it can be compared with exactly what was sent.
 *
 * All times are by `performance.now()` of this process, in which the upstream and the clients run.
 */
import type { FaultName } from "./faults.ts";
import { IDENTITIES, type Identity } from "./identities.ts";

export interface Job {
  readonly id: string;
  /** Never finishes. Other jobs finish at each fourth version, and the next one is a retry. */
  readonly isEndless: boolean;
  /** Minimum number of rows per step. */
  readonly rows: number;
  /** Only grows. */
  version: number;
}

export const isFinishedAt = ({ isEndless }: Job, version: number): boolean => !isEndless && version % 4 === 3;

/** Differs between versions, so that a mixture of two versions is visible. */
export const rowsAt = ({ rows }: Job, version: number): number => rows + (version % 5);

export interface Call {
  /** `job_request_id` and the request id of the API Gateway. */
  readonly id: string;
  readonly identity: Identity | null;
  readonly jobId: string;
  readonly withHosts: boolean;
  readonly outcome: "job" | "denied" | "notFound" | FaultName;
  /** Of the job when the call arrived. */
  readonly version: number;
  /** When the gateway started the call at the earliest: when the request arrived that it was made for. */
  readonly startedFrom: number;
  readonly arrivedAt: number;
  /** When the response was handed to the operating system. Infinity before. */
  sentAt: number;
}

export interface Truth {
  readonly jobs: readonly Job[];
  readonly jobOf: (id: string) => Job | null;
  readonly isPermitted: (identity: Identity, jobId: string) => boolean;
  /** Whether the identity was permitted at any time since `from`. */
  readonly wasPermittedSince: (identity: Identity, jobId: string, from: number) => boolean;
  readonly permit: (identity: Identity, jobId: string, isPermitted: boolean) => void;
  readonly addCall: (call: Call) => void;
  readonly callOf: (id: unknown) => Call | null;
  /** Whether the upstream has failed at any time since `from`. */
  readonly hasFailedSince: (from: number) => boolean;
  readonly fail: () => void;
}

/** Longer than any state may be served. */
const REMEMBERED_MS = 120_000;

const createJob = (id: number, fields: Partial<Job> = {}): Job => ({
  id: String(id),
  isEndless: false,
  rows: 3,
  version: 1,
  ...fields,
});

/** The large job has responses of megabytes, which take many writes to a client. */
const createJobs = (): readonly Job[] => [
  createJob(70_001, { isEndless: true }),
  createJob(70_002, { isEndless: true }),
  createJob(70_003),
  createJob(70_004),
  createJob(70_005),
  createJob(70_006, { isEndless: true, rows: 3_000 }),
];

export const LARGE_JOB = "70006";

/** Half of the queries read it. */
export const HOT_JOB = "70001";

/** The upstream has no such job. */
export const MISSING_JOB = "70099";

interface Permission {
  isPermitted: boolean;
  /** When it was last withdrawn. */
  withdrawnAt: number;
}

export function createTruth(): Truth {
  const jobs = createJobs();
  const calls = new Map<string, Call>();
  let failedAt = -Infinity;
  const permissions = new Map<string, Permission>();
  const keyOf = ({ name }: Identity, jobId: string) => `${name} ${jobId}`;
  for (const each of IDENTITIES) {
    for (const { id } of jobs)
      permissions.set(keyOf(each, id), { isPermitted: true, withdrawnAt: -Infinity });
  }
  const permissionOf = (identity: Identity, jobId: string): Permission =>
    permissions.get(keyOf(identity, jobId)) ?? { isPermitted: false, withdrawnAt: -Infinity };

  const addCall: Truth["addCall"] = (call) => {
    calls.set(call.id, call);
    for (const [id, { arrivedAt }] of calls) {
      if (arrivedAt > call.arrivedAt - REMEMBERED_MS) break;
      calls.delete(id);
    }
  };

  return {
    jobs,
    jobOf: (id) => jobs.find((job) => job.id === id) ?? null,
    isPermitted: (identity, jobId) => permissionOf(identity, jobId).isPermitted,
    wasPermittedSince: (identity, jobId, from) => {
      const { isPermitted, withdrawnAt } = permissionOf(identity, jobId);
      return isPermitted || withdrawnAt >= from;
    },
    permit: (identity, jobId, isPermitted) => {
      const permission = permissionOf(identity, jobId);
      if (permission.isPermitted && !isPermitted) permission.withdrawnAt = performance.now();
      permission.isPermitted = isPermitted;
    },
    addCall,
    callOf: (id) => (typeof id === "string" ? (calls.get(id) ?? null) : null),
    hasFailedSince: (from) => failedAt >= from,
    fail: () => {
      failedAt = performance.now();
    },
  };
}
