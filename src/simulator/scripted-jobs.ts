/** The built-in jobs. */

import { jobNotFound, noPermission } from "./bk-job-errors.ts";
import { buildJob, createStaticJob, type ScriptedJobSpec } from "./build-job.ts";
import { createLargeJob } from "./bulk-jobs.ts";
import type { JobEntry } from "./call.ts";
import { DOCUMENTED_JOB } from "./documented-job.ts";
import { EDGE_CASE_JOBS } from "./edge-case-jobs.ts";
import { PROGRESSING_JOB } from "./progressing-job.ts";
import { TYPICAL_JOBS } from "./typical-jobs.ts";

const fromSpec = ({ title, spec, scope = "biz:1" }: ScriptedJobSpec): JobEntry => ({
  id: String(spec.id),
  scope,
  title,
  create: () => createStaticJob(buildJob(spec)),
});

const SPECIAL_JOBS: readonly JobEntry[] = [
  {
    id: "20000000006",
    scope: "biz:1",
    title: "Failed: one script step on 10 000 hosts, about 5 % of them failed",
    create: () => createLargeJob(10_000, "全网巡检"),
  },
  {
    id: "20000000007",
    scope: "biz:1",
    title: "Failed: one script step on 50 000 hosts, about 5 % of them failed",
    create: () => createLargeJob(50_000, "全网升级 Agent"),
  },
  { id: "20000000403", scope: "biz:1", title: "Forbidden: no permission", create: () => noPermission },
  {
    id: "20000000404",
    scope: "biz:1",
    title: "Not found: no such job, as for any unknown id",
    create: () => jobNotFound,
  },
];

/** Every built-in job, by ascending id. */
export const SCRIPTED_JOBS: readonly JobEntry[] = [
  DOCUMENTED_JOB,
  PROGRESSING_JOB,
  ...[...TYPICAL_JOBS, ...EDGE_CASE_JOBS].map(fromSpec),
  ...SPECIAL_JOBS,
].toSorted((a, b) => Number(a.id) - Number(b.id));
