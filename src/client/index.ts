/**
 * What `bk-job-graphql/client` exports: a client for job instances, and documents and cache configurations for Apollo Client,
 * urql and others. Everything else in this folder is internal.
 */
export { apolloTypePolicies } from "./apollo-type-policies.ts";
export { createJobClient } from "./create-job-client.ts";
// Parsed documents, with the types of their variables and results.
export {
  /** Query of `$ref` and `$first`: all steps, and for each the counts of its hosts, the groups of failed ones, the first of them. */
  FailedHostsDocument,
  /** Query of `$ref`, `$stepInstanceId`, `$filter`, `$orderBy`, `$first` and `$after`: one page of the hosts of a step. */
  HostResultsDocument,
  /** Query of `$ref`: a job and its steps without hosts. The default of `jobInstance`. */
  JobInstanceDocument,
  /** Query of `$refs`: up to 50 jobs and their steps without hosts. */
  JobInstancesDocument,
  /** Subscription to `$ref`, with the fields of `JobInstanceDocument`. The default of `watch`. */
  JobInstanceUpdatedDocument,
} from "./documents.generated.ts";
export { graphcacheOptions } from "./graphcache-options.ts";
export type { HeadersSource } from "./headers.ts";
export type {
  JobClient,
  JobClientOptions,
  JobInstanceResult,
  RequestOptions,
  WaitOptions,
} from "./job-client.ts";
export { type GatewayError, JobClientError, type JobClientErrorOptions } from "./job-client-error.ts";
export type {
  FailedHostsQuery,
  FailedHostsQueryVariables,
  HostDetailsFragment,
  HostResultsQuery,
  HostResultsQueryVariables,
  JobInstanceQuery,
  JobInstanceQueryVariables,
  JobInstanceRef,
  JobInstancesQuery,
  JobInstancesQueryVariables,
  JobInstanceUpdatedSubscription,
  JobInstanceUpdatedSubscriptionVariables,
  JobStateFragment,
  ProblemDetailsFragment,
} from "./operations.generated.ts";
export { possibleTypes } from "./possible-types.ts";
export type { Fetch } from "./request.ts";
export { type TypedDocument, typedDocument } from "./typed-document.ts";
export type { LostEvent, ReconnectOptions, StateEvent, WatchEvent } from "./watch-job.ts";
