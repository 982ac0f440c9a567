/**
 * The URLs of the gateway that serves this page. They are derived from the URL of the script, which is in the folder `assets/`,
 * so that pages also work behind a proxy that serves the gateway under a prefix.
 */

const url = (path: string): string => new URL(`../${path}`, import.meta.url).href;

export const GRAPHQL_URL = url("graphql");
export const STREAM_URL = url("graphql/stream");
export const WEB_SOCKET_URL = GRAPHQL_URL.replace(/^http/, "ws");
