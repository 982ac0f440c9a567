/** Checks a WebSocket handshake: path, origin, shutdown, connection limit. */
import type { IncomingMessage } from "node:http";
import { BAD_REQUEST, SHUTTING_DOWN, SHUTTING_DOWN_MESSAGE } from "../error-responses.ts";
import { FORBIDDEN_ORIGIN, isAllowedOrigin } from "../origin.ts";
import { GRAPHQL_PATH, pathOf } from "../paths.ts";

export interface HandshakeOptions {
  /** Maximum number of open WebSockets. */
  readonly maxConnections: number;
  readonly allowedOrigins: readonly string[];
}

interface HandshakeRejection {
  /** HTTP status with its reason phrase. */
  readonly status: string;
  readonly code: string;
  readonly message: string;
}

interface ServerState {
  readonly isClosing: boolean;
  readonly connections: number;
}

/** @returns a function that returns the rejection of a handshake, or null to accept it. */
export function createHandshakeCheck(
  { maxConnections, allowedOrigins }: HandshakeOptions,
  getState: () => ServerState,
): (request: IncomingMessage) => HandshakeRejection | null {
  return ({ headers, url = "" }) => {
    if (pathOf(url) !== GRAPHQL_PATH) {
      const message = `No WebSocket endpoint at this path. Connect to ${GRAPHQL_PATH}.`;
      return { status: "404 Not Found", code: BAD_REQUEST, message };
    }
    if (!isAllowedOrigin(headers, allowedOrigins)) {
      return { status: "403 Forbidden", code: BAD_REQUEST, message: FORBIDDEN_ORIGIN };
    }
    const { isClosing, connections } = getState();
    const status = "503 Service Unavailable";
    if (isClosing) return { status, code: SHUTTING_DOWN, message: SHUTTING_DOWN_MESSAGE };
    if (connections >= maxConnections) {
      const message = `Too many WebSockets (maximum ${maxConnections}). Retry later, or connect to another instance.`;
      return { status, code: "TOO_MANY_OPERATIONS", message };
    }
    return null;
  };
}
