/** A link between a client and a gateway that carries to the client as much as a test lets through. */
import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { useServer } from "./listen.ts";

export interface SlowLink {
  /** Of the GraphQL endpoint, by the link. */
  readonly url: string;
  /** Lets nothing more through. Before, everything. */
  readonly hold: () => void;
  /** Lets this many bytes through. Settles when they are, or the gateway has closed the connection. */
  readonly pass: (bytes: number) => Promise<void>;
  /** Whether something waits to be let through. */
  readonly isHolding: () => boolean;
  /** Bytes that clients have sent so far. */
  readonly sent: () => number;
}

/** For one client of one test. */
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

/** Lets sockets do what they can do at once. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
}
