/** Resolvers of jobs and steps. Fields without a resolver are properties of the model with the same name. */
import { filterHostResults } from "../../model/host-filter.ts";
import { groupHostResults } from "../../model/host-group.ts";
import { currentStep, elapsedMs, filterSteps, jobPath } from "../../model/job-instance.ts";
import { once } from "../../model/once.ts";
import { hostStatus, runStatus, scopeType, stepType } from "../../model/status.ts";
import { addCounts, countStatuses, summarize } from "../../model/summary.ts";
import type {
  JobInstanceResolvers,
  ResourceScopeResolvers,
  StepInstanceResolvers,
} from "../resolvers.generated.ts";
import { hostResultsOf } from "../sources.ts";
import { hostConnectionSource } from "./host-result.ts";

export const resourceScope: ResourceScopeResolvers = {
  type: ({ typeRaw }) => scopeType(typeRaw),
};

export const jobInstance: JobInstanceResolvers = {
  id: ({ scope, jobInstanceId }) => jobPath(scope, jobInstanceId),
  jobInstanceId: ({ jobInstanceId }) => String(jobInstanceId),
  status: ({ statusCode }) => runStatus(statusCode).name,
  phase: ({ statusCode }) => runStatus(statusCode).phase,
  elapsedMs,
  steps: ({ steps }, { filter }) => filterSteps(steps, filter),
  step: ({ steps }, args) =>
    steps.find(({ stepInstanceId }) => String(stepInstanceId) === args.stepInstanceId) ?? null,
  currentStep: ({ steps }) => currentStep(steps),
  stepSummary: ({ steps }) => summarize(countStatuses(steps.map(({ statusCode }) => statusCode)), runStatus),
  hostSummary: ({ steps }) => ({
    summary: once(() =>
      summarize(addCounts(steps.map((step) => hostResultsOf(step).statusCounts())), hostStatus),
    ),
  }),
};

export const stepInstance: StepInstanceResolvers = {
  id: ({ path }) => path,
  stepInstanceId: ({ stepInstanceId }) => String(stepInstanceId),
  type: ({ typeCode }) => stepType(typeCode),
  status: ({ statusCode }) => runStatus(statusCode).name,
  phase: ({ statusCode }) => runStatus(statusCode).phase,
  elapsedMs,
  hostResults: (step, { filter, ...page }, { examineRows }) =>
    hostConnectionSource(step, page, () => {
      if (filter) examineRows(hostResultsOf(step).table.length);
      return filterHostResults(hostResultsOf(step), filter);
    }),
  hostGroups: (step, { by, filter }, { examineRows }) => {
    const results = hostResultsOf(step);
    if (filter) examineRows(results.table.length);
    return groupHostResults(results, filterHostResults(results, filter), by).map((group) => ({
      step,
      group,
    }));
  },
  hostSummary: (step) => ({ summary: once(() => summarize(hostResultsOf(step).statusCounts(), hostStatus)) }),
};
