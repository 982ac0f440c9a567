/** Which application a client says it is, for log lines: the headers that Apollo's clients send. */

export interface ClientFields {
  readonly clientName?: string;
  readonly clientVersion?: string;
}

/** @param headers by their names in lower case. On a WebSocket, also the fields of `connection_init`. */
export const clientFields = (headers: Readonly<Record<string, unknown>>): ClientFields => {
  const clientName = loggable(headers["apollographql-client-name"]);
  const clientVersion = loggable(headers["apollographql-client-version"]);
  return { ...(clientName && { clientName }), ...(clientVersion && { clientVersion }) };
};

const MAX_LENGTH = 100;

/** Clients can send anything: only printable ASCII is logged, up to a length. Empty for anything other than text. */
const loggable = (value: unknown): string =>
  typeof value === "string"
    ? value
        .trim()
        .slice(0, MAX_LENGTH)
        .replace(/[^\x20-\x7e]/g, "?")
    : "";
