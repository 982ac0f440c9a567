/**
 * Subscribes on a separate connection per viewer, with a minimal client for each protocol, so that the clients need
 * little CPU time.
 */
import { Agent, request } from "node:http";
import { WebSocket } from "ws";

export interface Subscription {
  readonly origin: string;
  /** Value of `X-Bkapi-Authorization`. */
  readonly credentials: string;
  readonly payload: { readonly query: string; readonly variables: object };
  /**
   * Called with each result in the message format of the protocol. `pause` stops reading from the network permanently.
   */
  readonly onResult: (text: string, pause: () => void) => void;
  /** Called for anything else, including the end of the stream. */
  readonly onFailure: (message: string) => void;
}

/** graphql-transport-ws. */
export function subscribeByWebSocket(subscription: Subscription): void {
  const { origin, credentials, payload, onResult, onFailure } = subscription;
  const url = `${origin.replace("http", "ws")}/graphql`;
  const socket = new WebSocket(url, "graphql-transport-ws", { perMessageDeflate: false });
  const send = (message: object) => socket.send(JSON.stringify(message));
  socket.on("open", () =>
    send({ type: "connection_init", payload: { "x-bkapi-authorization": credentials } }),
  );
  socket.on("message", (data) => {
    const text = String(data);
    const type = /"type":"(\w+)"/.exec(text.slice(0, 100))?.[1];
    if (type === "connection_ack") send({ id: "1", type: "subscribe", payload });
    else if (type === "next") onResult(text, () => socket.pause());
    else onFailure(`Expected a result by WebSocket, got ${text.slice(0, 300)}`);
  });
  socket.on("error", (error) => onFailure(`WebSocket: ${error.message}`));
  socket.on("close", (code) => onFailure(`WebSocket: closed with ${code}`));
}

/** GraphQL over SSE, distinct connections mode. */
export function subscribeByEvents(subscription: Subscription): void {
  const { origin, credentials, payload, onResult, onFailure } = subscription;
  const headers = {
    accept: "text/event-stream",
    "content-type": "application/json",
    "x-bkapi-authorization": credentials,
  };
  const options = { method: "POST", headers, agent: new Agent() };
  const sent = request(`${origin}/graphql/stream`, options, (response) => {
    let rest = "";
    response.setEncoding("utf8").on("data", (chunk: string) => {
      const events = (rest + chunk).split("\n\n");
      rest = events.pop() ?? "";
      for (const event of events) {
        if (event.startsWith("event: next")) onResult(event, () => response.pause());
        // Keep-alives are comments.
        else if (!event.startsWith(":")) onFailure(`Expected a result by SSE, got ${event.slice(0, 300)}`);
      }
    });
    response.on("close", () => onFailure("SSE: the stream ended"));
  });
  sent.on("error", (error) => onFailure(`SSE: ${error.message}`));
  sent.end(JSON.stringify(payload));
}
