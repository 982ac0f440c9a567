/** Describes an outcome other than a job. */
import type { Application, Denied, NotFound } from "./job-update.ts";
import { sanitizeAll } from "./text.ts";

/** One line with the upstream's message and the permissions to apply for. */
export function describeProblem(update: NotFound | Denied): string {
  const problem = sanitizeAll(update);
  const { __typename, message, upstreamRequestId } = problem;
  const application = "application" in problem ? problem.application : null;
  const request = upstreamRequestId ? ` (job_request_id ${upstreamRequestId})` : "";
  return `${__typename}: ${message}${request}${application ? `. ${describeApplication(application)}` : ""}`;
}

/** For example `Apply in 作业平台 (bk_job) for: 业务访问 (access_business) on 业务 blueking (1)`. */
function describeApplication({ systemId, systemName, actions }: Application): string {
  const wanted = actions.map(({ id, name, relatedResourceTypes }) => {
    const resources = relatedResourceTypes.flatMap(({ instances }) => instances.map(describePath));
    return `${named(name, id)}${resources.length > 0 ? ` on ${resources.join(", ")}` : ""}`;
  });
  return `Apply in ${named(systemName, systemId)} for: ${wanted.join("; ")}.`;
}

type ResourcePath = Application["actions"][number]["relatedResourceTypes"][number]["instances"][number];

const describePath = (path: ResourcePath): string =>
  path.map(({ id, name, type, typeName }) => `${typeName ?? type} ${named(name, id)}`).join(" / ");

const named = (name: string | null, id: string): string => (name ? `${name} (${id})` : id);
