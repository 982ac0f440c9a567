/** Which requests for a WebSocket are refused. */
import type { IncomingMessage } from "node:http";
import { BAD_REQUEST, SHUTTING_DOWN, SHUTTING_DOWN_MESSAGE } from "../error-responses.ts";
import { isAllowedOrigin, OTHER_ORIGIN } from "../origin.ts";
import { GRAPHQL_PATH, pathOf } from "../paths.ts";

export interface HandshakeOptions {
  /** Maximum number of WebSockets at one time. */
  readonly maxConnections: number;
  readonly allowedOrigins: readonly string[];
}

interface Refusal {
  /** Of HTTP, with its reason phrase. */
  readonly status: string;
  readonly code: string;
  readonly message: string;
}

interface ServerState {
  readonly isClosing: boolean;
  readonly connections: number;
}

/** @returns why a request is refused; null for one that is not. */
export function createHandshake(
  { maxConnections, allowedOrigins }: HandshakeOptions,
  stateOf: () => ServerState,
): (request: IncomingMessage) => Refusal | null {
  return ({ headers, url = "" }) => {
    if (pathOf(url) !== GRAPHQL_PATH) {
      const message = `Expected a WebSocket at ${GRAPHQL_PATH}; nothing else is here.`;
      return { status: "404 Not Found", code: BAD_REQUEST, message };
    }
    if (!isAllowedOrigin(headers, allowedOrigins)) {
      return { status: "403 Forbidden", code: BAD_REQUEST, message: OTHER_ORIGIN };
    }
    const { isClosing, connections } = stateOf();
    const status = "503 Service Unavailable";
    if (isClosing) return { status, code: SHUTTING_DOWN, message: SHUTTING_DOWN_MESSAGE };
    if (connections >= maxConnections) {
      const message = `Too many WebSockets (maximum ${maxConnections}). Retry later, or connect to another instance.`;
      return { status, code: "TOO_MANY_OPERATIONS", message };
    }
    return null;
  };
}
