/** The table of built-in jobs. */
import { buildJob, type ScriptedSpec } from "./build-job.ts";
import { createLargeJob } from "./bulk-jobs.ts";
import type { JobEntry } from "./call.ts";
import { DOCUMENTED_JOB } from "./documented-job.ts";
import { EVERYDAY_JOBS } from "./everyday-jobs.ts";
import { jobNotFound, noPermission } from "./job-errors.ts";
import { ODD_JOBS } from "./odd-jobs.ts";
import { PROGRESSING_JOB } from "./progressing-job.ts";
import { createStaticJob } from "./static-job.ts";

const fromSpec = ({ title, spec, scope = "biz:1" }: ScriptedSpec): JobEntry => ({
  id: String(spec.id),
  scope,
  title,
  create: () => createStaticJob(buildJob(spec)),
});

const OTHERS: readonly JobEntry[] = [
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
    title: "Missing: no such job, as any unknown id",
    create: () => jobNotFound,
  },
];

/** Every built-in job, by rising id. */
export const SCRIPTED_JOBS: readonly JobEntry[] = [
  DOCUMENTED_JOB,
  PROGRESSING_JOB,
  ...[...EVERYDAY_JOBS, ...ODD_JOBS].map(fromSpec),
  ...OTHERS,
].toSorted((a, b) => Number(a.id) - Number(b.id));
