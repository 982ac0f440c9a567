/** The prefix of the gateway's own metrics. Metrics of the process and of Node.js have their usual names. */
export const PREFIX = "bk_job_graphql_";
