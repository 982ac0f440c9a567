/** What to tell of an answer that is no job. */
import type { Application, Denied, NotFound } from "./job-update.ts";
import { clean } from "./text.ts";

/** One line: the upstream's message, and what to apply for. */
export function describeProblem({ __typename, message, ...problem }: NotFound | Denied): string {
  const application = "application" in problem ? problem.application : null;
  const request = problem.upstreamRequestId ? ` (job_request_id ${clean(problem.upstreamRequestId)})` : "";
  return `${__typename}: ${clean(message)}${request}${application ? `. ${describeApplication(application)}` : ""}`;
}

/** Such as `Apply in 作业平台 (bk_job) for: 业务访问 (access_business) on 业务 blueking (1)`. */
function describeApplication({ systemId, systemName, actions }: Application): string {
  const wanted = actions.map(({ id, name, relatedResourceTypes }) => {
    const resources = relatedResourceTypes.flatMap(({ instances }) => instances.map(describePath));
    return `${named(name, id)}${resources.length > 0 ? ` on ${resources.join(", ")}` : ""}`;
  });
  return `Apply in ${named(systemName, systemId)} for: ${wanted.join("; ")}.`;
}

type ResourcePath = Application["actions"][number]["relatedResourceTypes"][number]["instances"][number];

const describePath = (path: ResourcePath): string =>
  path.map(({ id, name, type, typeName }) => `${clean(typeName ?? type)} ${named(name, id)}`).join(" / ");

const named = (name: string | null, id: string): string =>
  name ? `${clean(name)} (${clean(id)})` : clean(id);
