/** Job 100: the example of the endpoint's documentation, with its keys in the same order. */
import { createStaticJob } from "./build-job.ts";
import type { JobEntry } from "./call.ts";
import type { Job } from "./job.ts";

const JOB: Job = {
  instance: {
    job_instance_id: 100,
    bk_scope_type: "biz",
    bk_scope_id: "1",
    name: "API Quick execution script1",
    create_time: 1605064271000,
    status: 4,
    start_time: 1605064271000,
    end_time: 1605064272000,
    total_time: 1000,
  },
  steps: [
    {
      instance: {
        status: 4,
        total_time: 1000,
        name: "API Quick execution script1",
        step_instance_id: 75,
        execute_count: 0,
        create_time: 1605064271000,
        end_time: 1605064272000,
        type: 1,
        start_time: 1605064271000,
      },
      rows: [
        {
          target: { host: { bk_host_id: 101, ip: "127.0.0.1", bk_cloud_id: 0 } },
          outcome: {
            status: 9,
            tag: "",
            exit_code: 0,
            error_code: 0,
            start_time: 1605064271000,
            end_time: 1605064272000,
            total_time: 1000,
          },
        },
      ],
    },
  ],
};

export const DOCUMENTED_JOB: JobEntry = {
  id: "100",
  scope: "biz:1",
  title: "The example of the endpoint's documentation, unchanged",
  create: () => {
    const respond = createStaticJob(JOB);
    return (call) => respond({ ...call, jobRequestId: "xxx" });
  },
};
