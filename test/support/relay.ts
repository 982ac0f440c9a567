/** A TCP relay in front of the simulator that counts the gateway's connections and their bytes. */
import { connect, createServer, type Socket } from "node:net";
import { type TestGateway, type TestGatewayOptions, useGateway } from "./gateway.ts";
import { useServer } from "./listen.ts";

export interface Relay {
  /** Number of connections so far. */
  readonly made: () => number;
  /** Number of open connections. */
  readonly open: () => number;
  /** Maximum number of connections open at the same time. */
  readonly peak: () => number;
  /** Bytes read from the simulator. Includes bytes in socket buffers that the gateway has not read yet. */
  readonly delivered: () => number;
}

/** A gateway that connects to its simulator through a relay, for one test. */
export async function useRelayedGateway(
  options: TestGatewayOptions = {},
): Promise<TestGateway & { readonly relay: Relay }> {
  const answering: Socket[] = [];
  let [open, peak] = [0, 0];
  let simulatorPort = 0;
  const server = createServer((socket) => {
    open += 1;
    peak = Math.max(peak, open);
    const simulator = connect(simulatorPort, "127.0.0.1");
    answering.push(simulator);
    socket.pipe(simulator).pipe(socket);
    socket
      .on("error", () => {})
      .on("close", () => {
        open -= 1;
        simulator.destroy();
      });
    simulator.on("error", () => {}).on("close", () => socket.destroy());
  });
  const port = await useServer(server);

  const baseUrl = new URL(`http://127.0.0.1:${port}/api/bk-job/prod`);
  const gateway = await useGateway({ ...options, upstream: { ...options.upstream, baseUrl } });
  simulatorPort = Number(new URL(gateway.simulator.url).port);
  const relay: Relay = {
    made: () => answering.length,
    open: () => open,
    peak: () => peak,
    delivered: () => answering.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
  };
  return { ...gateway, relay };
}
