/** Servers of the test's own process. */
import type { AddressInfo, Server, Socket } from "node:net";
import { onTestFinished, type TestContext } from "vitest";

/** Makes a TCP or HTTP server listen on 127.0.0.1. @returns its port, a free one unless given. */
export async function listen(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  // The address is an object for a TCP server that is listening.
  return (server.address() as AddressInfo).port;
}

/**
 * Makes a TCP or HTTP server listen on a free port of 127.0.0.1 for one test. At the end of the test, the server and
 * all its connections are closed.
 *
 * @param test the context of a concurrent test, which cannot use the global hook.
 */
export async function useServer(
  server: Server,
  test: Pick<TestContext, "onTestFinished"> = { onTestFinished },
): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  test.onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return listen(server);
}
