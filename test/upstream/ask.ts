/** Short ways to ask a gateway for one job. */
import type { GraphQLAnswer, TestGateway } from "../support/gateway.ts";

const QUERY = `query Job($id: ID!) {
  jobInstance(ref: { scopeId: "1", jobInstanceId: $id }) {
    __typename
    ... on JobInstance { jobInstanceId name }
    ... on Problem { message }
  }
}`;

/** Asks for a job of `biz` 1 in English, without host results. */
export const askForJob = (
  { run }: TestGateway,
  id = "100",
  headers: Record<string, string | undefined> = {},
): Promise<GraphQLAnswer> => run(QUERY, { id }, { "accept-language": "en", ...headers });

/** The only error of an answer; fails the test when there is none, or more. */
export function onlyError({ errors = [] }: GraphQLAnswer) {
  const [error, ...others] = errors;
  if (error === undefined || others.length > 0) throw new Error(`expected one error, got ${errors.length}`);
  return error;
}
