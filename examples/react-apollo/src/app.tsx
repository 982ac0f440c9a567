/** The page: a form that selects a job, which is in the URL, and the job. */
import type { JobInstanceRef } from "bk-job-graphql/client";
import { Job } from "./job.tsx";

/** `?scopeType=BIZ&scopeId=1&jobInstanceId=20000000003` */
function refOf(search: string): JobInstanceRef | null {
  const parameters = new URLSearchParams(search);
  const scopeId = parameters.get("scopeId");
  const jobInstanceId = parameters.get("jobInstanceId");
  if (!scopeId || !jobInstanceId) return null;
  return { scopeType: parameters.get("scopeType") === "BIZ_SET" ? "BIZ_SET" : "BIZ", scopeId, jobInstanceId };
}

export function App() {
  const ref = refOf(location.search);
  return (
    <main>
      <h1>Job</h1>
      <form>
        <label>
          Scope
          <select name="scopeType" defaultValue={ref?.scopeType ?? "BIZ"}>
            <option value="BIZ">Business</option>
            <option value="BIZ_SET">Business set</option>
          </select>
        </label>
        <label>
          Scope ID
          <input
            name="scopeId"
            required
            pattern="\d+"
            inputMode="numeric"
            defaultValue={ref?.scopeId ?? "1"}
          />
        </label>
        <label>
          Job instance ID
          <input
            name="jobInstanceId"
            required
            pattern="\d+"
            inputMode="numeric"
            defaultValue={ref?.jobInstanceId ?? "20000000003"}
          />
        </label>
        <button type="submit">Show</button>
      </form>
      {ref && <Job jobRef={ref} />}
    </main>
  );
}
