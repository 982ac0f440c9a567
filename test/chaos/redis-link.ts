/** The network between the gateways and Redis, which can be cut, or pass nothing on. */
import { connect, createServer, type Socket } from "node:net";
import type { TestContext } from "vitest";
import { useServer } from "../support/listen.ts";

export interface RedisLink {
  /** The URL of Redis through the link. */
  readonly url: string;
  /** `cut`: connections are closed, and new ones too. `silent`: they stay open, but nothing arrives. */
  readonly set: (state: "open" | "cut" | "silent") => void;
}

/** @param redisUrl of the Redis behind the link */
export async function useRedisLink(
  redisUrl: string,
  test: Pick<TestContext, "onTestFinished">,
): Promise<RedisLink> {
  const target = new URL(redisUrl);
  let state: "open" | "cut" | "silent" = "open";
  const sockets = new Set<Socket>();
  const track = (socket: Socket, other: Socket) => {
    sockets.add(socket);
    socket
      .on("error", () => {})
      .on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    if (state === "silent") socket.pause();
  };
  const server = createServer((client) => {
    if (state === "cut") {
      client.on("error", () => {}).resetAndDestroy();
      return;
    }
    const redis = connect(Number(target.port), target.hostname);
    client.pipe(redis).pipe(client);
    track(client, redis);
    track(redis, client);
  });
  const port = await useServer(server, test);
  const url = new URL(redisUrl);
  url.port = String(port);
  return {
    url: String(url),
    set: (next) => {
      state = next;
      for (const socket of sockets) {
        if (next === "cut") socket.destroy();
        else if (next === "silent") socket.pause();
        else socket.resume();
      }
    },
  };
}
