/** Subscriptions without limit, over WebSockets and event streams. */
import { WebSocket } from "ws";
import { jobSubscription } from "../support/ask.ts";
import { type Attack, exchange, exchangeAll, post, type Target } from "./attack.ts";

/** Never finishes. */
const RUNNING_JOB = "20000000008";

const subscribe = (id: string, query = jobSubscription(RUNNING_JOB)) =>
  JSON.stringify({ id, type: "subscribe", payload: { query } });

/** Opens a connection, sends messages, and closes it after `isDone`. @returns the number of messages by type. */
async function converse(
  { url }: Target,
  messages: readonly string[],
  isDone: (counts: ReadonlyMap<string, number>) => boolean,
  beforeClose = async () => {},
): Promise<ReadonlyMap<string, number>> {
  const headers = { "x-bkapi-authorization": '{"access_token":"a"}' };
  const socket = new WebSocket(url.replace("http", "ws"), "graphql-transport-ws", { headers });
  const counts = new Map<string, number>();
  await new Promise<void>((resolve, reject) => {
    socket.once("close", (code) => reject(new Error(`Expected an open WebSocket, got ${code}.`)));
    socket.once("error", reject);
    socket.once("open", () => socket.send('{"type":"connection_init"}'));
    socket.on("message", (data) => {
      const { type } = JSON.parse(String(data)) as { type: string };
      if (type === "connection_ack") for (const each of messages) socket.send(each);
      counts.set(type, (counts.get(type) ?? 0) + 1);
      if (isDone(counts)) resolve();
    });
  });
  await beforeClose();
  socket.terminate();
  return counts;
}

const numbered = (count: number, message: (id: string) => string) =>
  Array.from({ length: count }, (_, index) => message(String(index)));

export const SUBSCRIPTIONS: readonly Attack[] = [
  {
    name: "a WebSocket with 3 000 subscriptions",
    expected: "100 of 3000",
    run: async (target) => {
      const counts = await converse(
        target,
        numbered(3_000, (id) => subscribe(id)),
        (each) => (each.get("error") ?? 0) === 2_900 && (each.get("next") ?? 0) === 100,
      );
      return `${counts.get("next")} of 3000`;
    },
  },
  {
    name: "20 WebSockets with 100 subscriptions each",
    // The limit of an identity.
    expected: "1000 of 2000",
    run: async (target) => {
      const all = Promise.withResolvers<void>();
      let running = 20;
      const untilAll = () => {
        running -= 1;
        if (running === 0) all.resolve();
        return all.promise;
      };
      const open = () =>
        converse(
          target,
          numbered(100, (id) => subscribe(id)),
          (counts) => (counts.get("next") ?? 0) + (counts.get("error") ?? 0) === 100,
          untilAll,
        );
      const results = await Promise.all(Array.from({ length: 20 }, open));
      return `${results.reduce((sum, counts) => sum + (counts.get("next") ?? 0), 0)} of 2000`;
    },
  },
  {
    name: "a WebSocket that completes 3 000 subscriptions immediately",
    expected: "alive",
    run: async (target) => {
      const messages = numbered(3_000, (id) => id).flatMap((id) => [
        subscribe(id),
        JSON.stringify({ id, type: "complete" }),
      ]);
      // The last operation is answered after all others.
      const last = subscribe("last", "{ __typename }");
      const counts = await converse(target, [...messages, last], (each) => each.has("complete"));
      return counts.has("next") ? "alive" : "silent";
    },
  },
  {
    name: "a WebSocket with ids of 100 kB and of JavaScript",
    expected: "alive",
    run: async (target) => {
      const ids = ["__proto__", "constructor", "toString", "x".repeat(100_000)];
      const messages = ids.map((id) => subscribe(id, "{ __typename }"));
      const counts = await converse(target, messages, (each) => each.get("complete") === ids.length);
      return counts.get("next") === ids.length ? "alive" : "silent";
    },
  },
  {
    name: "a WebSocket with 1 000 invalid documents",
    expected: "1000 errors",
    run: async (target) => {
      const messages = numbered(1_000, (id) => subscribe(id, `{ a${id}`));
      const counts = await converse(target, messages, (each) => each.get("error") === 1_000);
      return `${counts.get("error")} errors`;
    },
  },
  {
    name: "200 event streams that disconnect at once",
    expected: "200 × closed",
    run: async (target) => {
      const request = post({ query: jobSubscription(RUNNING_JOB) }, { accept: "text/event-stream" });
      const [start = "", body = ""] = request;
      const stream = [String(start).replace("/graphql", "/graphql/stream"), body];
      const leave = () => exchange(target, stream, { responses: 0 });
      const outcomes = await Promise.all(Array.from({ length: 200 }, leave));
      return `${outcomes.length} × closed`;
    },
  },
  {
    name: "100 event streams for finished jobs",
    expected: "100 × 200",
    run: (target) => {
      const [start = "", body = ""] = post(
        { query: jobSubscription("20000000001") },
        { accept: "text/event-stream" },
      );
      const stream = [String(start).replace("/graphql", "/graphql/stream"), body];
      return exchangeAll(
        target,
        Array.from({ length: 100 }, () => stream),
      );
    },
  },
];
