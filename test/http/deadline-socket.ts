/** A WebSocket that sends operations with extensions, which the client library does not offer, and reads one response each. */
import { once } from "node:events";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";

type Send = (payload: Readonly<Record<string, unknown>>) => Promise<unknown>;

/** For one test, closed at its end. */
export async function useWebSocket(url: string, authorization: string): Promise<Send> {
  const socket = new WebSocket(url.replace("http", "ws"), "graphql-transport-ws");
  onTestFinished(() => socket.terminate());
  const responses = new Map<string, (message: unknown) => void>();
  const acknowledged = Promise.withResolvers<void>();
  socket.on("message", (data) => {
    const message = JSON.parse(String(data)) as { readonly type: string; readonly id?: string };
    if (message.type === "connection_ack") acknowledged.resolve();
    else if (message.type !== "complete") responses.get(message.id ?? "")?.(message);
  });
  await once(socket, "open");
  socket.send(
    JSON.stringify({ type: "connection_init", payload: { "x-bkapi-authorization": authorization } }),
  );
  await acknowledged.promise;
  return (payload) =>
    new Promise((resolve) => {
      const id = String(responses.size);
      responses.set(id, resolve);
      socket.send(JSON.stringify({ type: "subscribe", id, payload }));
    });
}
