/** The paths that the gateway serves. */

export const GRAPHQL_PATH = "/graphql";
export const STREAM_PATH = `${GRAPHQL_PATH}/stream`;
export const LIVENESS_PATH = "/healthz";
export const READINESS_PATH = "/readyz";
export const METRICS_PATH = "/metrics";
/** Of the Model Context Protocol. */
export const MCP_PATH = "/mcp";
export const START_PATH = "/";
export const EXPLORER_PATH = "/explorer";
export const DOCS_PATH = "/docs";
export const DOC_PATH = `${DOCS_PATH}/:name`;
export const JOB_PAGE_PATH = "/jobs/:scopeType/:scopeId/:jobInstanceId";
export const ASSET_PATH = "/assets/:name";

/**
 * By path. `METRICS_PATH`, `MCP_PATH` and those of pages may not be served, the metrics also on a port of their own.
 */
export const ALLOWED_METHODS: ReadonlyMap<string, string> = new Map([
  [GRAPHQL_PATH, "GET, POST"],
  [STREAM_PATH, "GET, POST"],
  [LIVENESS_PATH, "GET, HEAD"],
  [READINESS_PATH, "GET, HEAD"],
  [METRICS_PATH, "GET, HEAD"],
  [MCP_PATH, "POST"],
  [START_PATH, "GET, HEAD"],
  [EXPLORER_PATH, "GET, HEAD"],
  [DOCS_PATH, "GET, HEAD"],
  [DOC_PATH, "GET, HEAD"],
  [JOB_PAGE_PATH, "GET, HEAD"],
  [ASSET_PATH, "GET, HEAD"],
]);

/** Whether the path is one of the route, whose segments that begin with `:` match any segment. */
export function isPathOf(route: string, path: string): boolean {
  const segments = path.split("/");
  const expected = route.split("/");
  return (
    segments.length === expected.length &&
    expected.every((segment, index) => segment.startsWith(":") || segment === segments[index])
  );
}

/** The path of a request URL, without a trailing slash: `/graphql` for `/graphql/?query=…`. */
export const pathOf = (url: string): string => url.replace(/\/?(\?.*)?$/s, "") || "/";
