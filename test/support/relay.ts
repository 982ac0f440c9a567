/** A TCP relay before the simulator: shows what the gateway's connections do, and how much they carry. */
import { connect, createServer, type Socket } from "node:net";
import { type TestGateway, type TestGatewayOptions, useGateway } from "./gateway.ts";
import { useServer } from "./listen.ts";

export interface Relay {
  /** Connections that the gateway has made so far. */
  readonly made: () => number;
  /** Connections that are open now. */
  readonly open: () => number;
  /** Most connections that were open at one time. */
  readonly peak: () => number;
  /** Bytes that were taken from the simulator; with what waits in sockets more than the gateway has read. */
  readonly delivered: () => number;
}

/** A gateway that reaches its simulator through a relay, for one test. */
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
