/** Where the gateway answers. */

export const GRAPHQL_PATH = "/graphql";
export const STREAM_PATH = `${GRAPHQL_PATH}/stream`;

/** The path of a request's URL, without the one trailing slash that all paths may have. */
export const pathOf = (url: string): string => url.replace(/\/?(\?.*)?$/s, "") || "/";
