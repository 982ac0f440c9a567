/** Servers of the test's own process. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
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

/** A port on which nothing listens during the test, because a client uses it. */
export async function useClosedPort(
  test: Pick<TestContext, "onTestFinished"> = { onTestFinished },
): Promise<number> {
  const port = await useServer(
    createServer((socket) => void socket.on("error", () => {})),
    test,
  );
  const client = connect(port, "127.0.0.1");
  test.onTestFinished(() => void client.destroy());
  await new Promise((resolve) => client.once("connect", resolve));
  return client.localPort ?? 0;
}
