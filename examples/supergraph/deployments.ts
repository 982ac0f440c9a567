/** A second subgraph: deployments, each of which was done by a job. It knows only the keys of the jobs. */
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse } from "graphql";

export const DEPLOYMENTS_SDL = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

  type Query {
    deployments: [Deployment!]!
  }

  type Deployment @key(fields: "id") {
    id: ID!
    version: String!
    "Null if the job has been deleted, or the user may not view it."
    job: JobInstance
  }

  type JobInstance @key(fields: "jobInstanceId scope { type id }", resolvable: false) {
    jobInstanceId: ID!
    scope: ResourceScope!
  }

  type ResourceScope @shareable {
    type: ScopeType!
    id: ID!
  }

  enum ScopeType {
    BIZ
    BIZ_SET
    UNRECOGNIZED
  }
`;

const jobOf = (jobInstanceId: string) => ({ jobInstanceId, scope: { type: "BIZ", id: "1" } });

/** The last deployment refers to a job that no longer exists. */
const DEPLOYMENTS = [
  { id: "web", version: "2.4.0", job: jobOf("20000000003") },
  { id: "worker", version: "2.4.0", job: jobOf("20000000002") },
  { id: "legacy", version: "1.9.7", job: jobOf("20000000404") },
];

/** @returns the URL of the subgraph, on a free port */
export async function startDeployments(): Promise<string> {
  const resolvers = { Query: { deployments: () => DEPLOYMENTS } };
  const server = new ApolloServer({
    schema: buildSubgraphSchema([{ typeDefs: parse(DEPLOYMENTS_SDL), resolvers }]),
  });
  const { url } = await startStandaloneServer(server, { listen: { host: "127.0.0.1", port: 0 } });
  return url;
}
