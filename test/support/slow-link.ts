/** A link between a client and a gateway that passes to the client only as many bytes as the test allows. */
import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { useServer } from "./listen.ts";

export interface SlowLink {
  /** URL of the GraphQL endpoint through the link. */
  readonly url: string;
  /** Stops passing bytes. Until then, all bytes pass. */
  readonly hold: () => void;
  /** Passes this many bytes. Resolves when they have passed or the gateway has closed the connection. */
  readonly pass: (bytes: number) => Promise<void>;
  /** Whether bytes are waiting to pass. */
  readonly isHolding: () => boolean;
  /** Bytes that clients have sent so far. */
  readonly sent: () => number;
}

/** For one client in one test. */
export async function useSlowLink(gatewayUrl: string): Promise<SlowLink> {
  const gateway = new URL(gatewayUrl);
  let allowed = Number.POSITIVE_INFINITY;
  let sent = 0;
  let onPassed = () => {};
  let pump = () => {};
  let isHolding = () => false;
  const connections: Socket[] = [];
  const server = createServer((client) => {
    const far = connect(Number(gateway.port), gateway.hostname);
    connections.push(far);
    isHolding = () => far.readableLength > 0;
    pump = () => {
      for (;;) {
        const chunk = far.read(Math.min(allowed, far.readableLength)) as Buffer | null;
        if (chunk === null) break;
        allowed -= chunk.length;
        client.write(chunk);
      }
      if (allowed === 0 || far.closed) onPassed();
    };
    far
      .on("readable", () => pump())
      .on("error", () => {})
      .on("close", () => {
        client.end();
        onPassed();
      });
    client
      .on("data", ({ length }) => {
        sent += length;
      })
      .on("error", () => {})
      .pipe(far);
  });
  const port = await useServer(server);
  onTestFinished(() => {
    for (const connection of connections) connection.destroy();
  });
  return {
    url: `http://127.0.0.1:${port}${gateway.pathname}`,
    hold: () => {
      allowed = 0;
    },
    pass: (bytes) =>
      new Promise((resolve) => {
        onPassed = resolve;
        allowed += bytes;
        pump();
      }),
    isHolding: () => isHolding(),
    sent: () => sent,
  };
}

/** Lets sockets process everything that they have received. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
}
