import type { AddressInfo, Server } from "node:net";

/** Makes a server, of TCP or HTTP, listen on this machine. @returns the port, a free one. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // The address is an object for a TCP server that is listening.
  return (server.address() as AddressInfo).port;
}
