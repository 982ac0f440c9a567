/** A proxy for a sequence of gateways that closes connections in between, as during a restart. */
import { connect, createServer } from "node:net";
import type { TestContext } from "vitest";
import { startGateway, type TestGateway, type TestGatewayOptions } from "./gateway.ts";
import { useServer } from "./listen.ts";

interface ProxiedGateway extends TestGateway {
  /** Ends the gateway. Until the next one starts, connections are closed. */
  readonly stop: () => Promise<void>;
}

export interface SwitchingProxy {
  /** Starts a gateway behind the proxy. Its `url` is that of the proxy. */
  readonly start: (options?: TestGatewayOptions) => Promise<ProxiedGateway>;
}

/** For one test, closed at the end of the test. */
export async function useSwitchingProxy(test: Pick<TestContext, "onTestFinished">): Promise<SwitchingProxy> {
  let behind: number | null = null;
  const server = createServer((socket) => {
    if (behind === null) return void socket.destroy();
    const gateway = connect(behind, "127.0.0.1");
    socket.on("error", () => {}).on("close", () => gateway.destroy());
    gateway.on("error", () => {}).on("close", () => socket.destroy());
    socket.pipe(gateway).pipe(socket);
  });
  const port = await useServer(server, test);
  return {
    start: async (options) => {
      const gateway = await startGateway(options);
      behind = Number(new URL(gateway.url).port);
      const stop = async () => {
        behind = null;
        await gateway.close();
      };
      return { ...gateway, url: `http://127.0.0.1:${port}/graphql`, stop };
    },
  };
}
