/** The pages of BlueKing Job itself, which open by id alone. */
import type { JobInstance, StepInstance } from "./job-instance.ts";

export interface JobSite {
  readonly jobUrl: (job: JobInstance) => string;
  readonly stepUrl: (step: StepInstance) => string;
}

/** @param url of the site, with or without a trailing slash */
export function createJobSite({ href }: URL): JobSite {
  const base = href.replace(/\/+$/, "");
  return {
    jobUrl: ({ jobInstanceId }) => `${base}/api_execute/${jobInstanceId}`,
    // A path ends with the ids of the job and of the step.
    stepUrl: ({ path }) => `${base}/api_execute_step/${path.split("/").slice(-2).join("/")}`,
  };
}
