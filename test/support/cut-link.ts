/** A TCP link to a server that the test can cut. */
import { connect, createServer, type Socket } from "node:net";
import { useServer } from "./listen.ts";

export interface CutLink {
  readonly port: number;
  /** Closes all connections and accepts no new ones. */
  readonly cut: () => void;
  /** Accepts connections again. */
  readonly mend: () => void;
}

/** For one test. @param targetPort of the server, on 127.0.0.1 */
export async function useCutLink(targetPort: number): Promise<CutLink> {
  let isCut = false;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const target = connect(targetPort, "127.0.0.1");
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(from);
      from
        .on("error", () => {})
        .on("close", () => {
          sockets.delete(from);
          to.destroy();
        })
        .pipe(to);
    }
  });
  const port = await useServer(server);
  return {
    port,
    cut: () => {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend: () => {
      isCut = false;
    },
  };
}
