/** What `bk-job-graphql/client` exports. Everything else in this folder is internal. */
export { apolloTypePolicies } from "./apollo-type-policies.ts";
export { createJobClient } from "./create-job-client.ts";
export {
  FailedHostsDocument,
  HostResultsDocument,
  JobInstanceDocument,
  JobInstancesDocument,
  JobInstanceUpdatedDocument,
} from "./documents.generated.ts";
export { graphcacheOptions } from "./graphcache-options.ts";
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
export type { Fetch, HeadersSource } from "./request.ts";
export { type TypedDocument, typedDocument } from "./typed-document.ts";
export type { LostEvent, ReconnectOptions, StateEvent, WatchEvent } from "./watch-job.ts";
