/** The paths that the gateway serves. */

export const GRAPHQL_PATH = "/graphql";
export const STREAM_PATH = `${GRAPHQL_PATH}/stream`;
export const LIVENESS_PATH = "/healthz";
export const READINESS_PATH = "/readyz";
export const METRICS_PATH = "/metrics";
/** Of the Model Context Protocol. */
export const MCP_PATH = "/mcp";

/** By path. `METRICS_PATH` and `MCP_PATH` may not be served, the metrics also on a port of their own. */
export const ALLOWED_METHODS: ReadonlyMap<string, string> = new Map([
  [GRAPHQL_PATH, "GET, POST"],
  [STREAM_PATH, "GET, POST"],
  [LIVENESS_PATH, "GET, HEAD"],
  [READINESS_PATH, "GET, HEAD"],
  [METRICS_PATH, "GET, HEAD"],
  [MCP_PATH, "POST"],
]);

/** The path of a request URL, without a trailing slash: `/graphql` for `/graphql/?query=…`. */
export const pathOf = (url: string): string => url.replace(/\/?(\?.*)?$/s, "") || "/";
