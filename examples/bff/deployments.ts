/**
 * The deployments of this BFF, and what they show of their jobs. A real BFF reads them from its database, which has the
 * reference of the job that did a deployment.
 */
import {
  FailedHostsDocument,
  type FailedHostsQuery,
  type JobClient,
  type JobInstanceRef,
  type JobInstanceResult,
} from "bk-job-graphql/client";
import type { RunPhase } from "bk-job-graphql/schema";
import { RequestError } from "./errors.ts";
import type { ServerEvent } from "./events.ts";

interface Deployment {
  readonly id: string;
  readonly version: string;
  readonly team: string;
  readonly job: JobInstanceRef;
}

const jobOf = (jobInstanceId: string): JobInstanceRef => ({ scopeType: "BIZ", scopeId: "1", jobInstanceId });

const DEPLOYMENTS: readonly Deployment[] = [
  { id: "web", version: "2.4.0", team: "frontend", job: jobOf("20000000003") },
  { id: "worker", version: "2.4.0", team: "storage", job: jobOf("20000000002") },
  { id: "billing", version: "5.0.1", team: "payment", job: jobOf("20000000403") },
  { id: "legacy", version: "1.9.7", team: "storage", job: jobOf("20000000404") },
];

/** @throws RequestError 404 */
export function findDeployment(id: string): Deployment {
  const deployment = DEPLOYMENTS.find((each) => each.id === id);
  if (!deployment) throw new RequestError(404, "NOT_FOUND", `There is no deployment ${JSON.stringify(id)}.`);
  return deployment;
}

/** What a deployment is to the users of the portal. */
type DeploymentState = "queued" | "deploying" | "waiting" | "deployed" | "failed" | "cancelled" | "unknown";

const STATES: Readonly<Record<RunPhase, DeploymentState>> = {
  PENDING: "queued",
  RUNNING: "deploying",
  WAITING_USER: "waiting",
  SUCCEEDED: "deployed",
  FAILED: "failed",
  STOPPED: "cancelled",
  UNKNOWN: "unknown",
};

/** What the team does about an exit code of its deployment script. */
const RUNBOOKS: Readonly<Record<number, string>> = {
  1: "https://wiki.example.com/runbooks/disk-full",
  98: "https://wiki.example.com/runbooks/port-in-use",
};

/** Maximum number of failed hosts of each step. */
const MAX_HOSTS = 20;

type Outcome = Exclude<JobInstanceResult, { readonly __typename: "JobInstance" }>;

/** The job has been deleted, or the user may not view it: the deployment itself is shown all the same. */
const describeOutcome = (outcome: Outcome) => ({
  kind: outcome.__typename,
  message: outcome.message,
  /** Permissions to apply for. */
  permissions:
    outcome.__typename === "PermissionDenied"
      ? (outcome.application?.actions.map(({ id, name }) => name ?? id) ?? [])
      : [],
});

type JobWithHosts = Extract<FailedHostsQuery["jobInstance"], { readonly __typename: "JobInstance" }>;

/** The failed hosts of all steps, with what to do about each. */
const describeFailedHosts = ({ steps }: JobWithHosts) =>
  steps.flatMap((step) =>
    step.hostResults.nodes.map(({ ip, ipv6, container, status, exitCode, tag }) => ({
      step: step.name,
      address: ip ?? ipv6 ?? container?.name ?? null,
      status,
      exitCode: exitCode ?? null,
      tag: tag ?? null,
      runbook: RUNBOOKS[exitCode ?? 0] ?? null,
    })),
  );

/** The response of `GET /api/deployments/:id`. */
export async function readDeployment(
  { job: ref, ...own }: Deployment,
  client: JobClient,
  signal: AbortSignal,
) {
  const job = await client.jobInstance(ref, FailedHostsDocument, { variables: { first: MAX_HOSTS }, signal });
  if (job.__typename !== "JobInstance") {
    return { ...own, state: STATES.UNKNOWN, job: null, failedHosts: [], problem: describeOutcome(job) };
  }
  const { name, status, phase, isFinished } = job;
  const failedHosts = describeFailedHosts(job);
  return { ...own, state: STATES[phase], job: { name, status, isFinished }, failedHosts, problem: null };
}

/** The events of `GET /api/deployments/:id/events`: every state, and losses of the connection to the gateway. */
export async function* watchDeployment(
  { job: ref, ...own }: Deployment,
  client: JobClient,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent, void, undefined> {
  for await (const event of client.watch(ref, { signal })) {
    if (event.kind === "lost") {
      yield { name: "reconnecting", data: { delayMs: event.delayMs } };
    } else if (event.state.__typename === "JobInstance") {
      const { name, status, phase, isFinished, steps } = event.state;
      const progress = { done: steps.filter((step) => step.isFinished).length, total: steps.length };
      const job = { name, status, isFinished, steps: progress };
      yield { name: "deployment", data: { ...own, state: STATES[phase], job, problem: null } };
    } else {
      const problem = describeOutcome(event.state);
      yield { name: "deployment", data: { ...own, state: STATES.UNKNOWN, job: null, problem } };
    }
  }
}
