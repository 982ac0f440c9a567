/** Apollo Server as its documentation shows it: the standalone server and a RESTDataSource for each request. */
import { type DataSourceConfig, RESTDataSource } from "@apollo/datasource-rest";
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { settings } from "./listen.ts";
import type { JobsContext } from "./resolvers.ts";
import { createSchema } from "./schema.ts";
import type { Body } from "./upstream-body.ts";

class JobsApi extends RESTDataSource {
  override baseURL = `${settings.upstreamUrl}/`;
  readonly #authorization: string;

  constructor(options: DataSourceConfig & { authorization: string }) {
    super(options);
    this.#authorization = options.authorization;
  }

  read(jobInstanceId: string, hosts: boolean): Promise<Body> {
    return this.get("api/v4/get_job_instance_status", {
      params: {
        bk_scope_type: "biz",
        bk_scope_id: "1",
        job_instance_id: jobInstanceId,
        ...(hosts && { return_ip_result: "true", return_execute_object_result: "true" }),
      },
      headers: { "x-bkapi-authorization": this.#authorization },
    });
  }
}

const server = new ApolloServer<JobsContext>({ schema: createSchema() });
await startStandaloneServer(server, {
  listen: { port: settings.port, host: "127.0.0.1" },
  context: async ({ req }) => ({
    jobs: new JobsApi({
      cache: server.cache,
      authorization: String(req.headers["x-bkapi-authorization"]),
    }),
  }),
});
