/** A real Redis, as Debian's package `redis-server` installs it: at `REDIS_SERVER_PATH` or `/usr/bin/redis-server`. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, RESP_TYPES } from "@redis/client";
import { onTestFinished, type TestContext } from "vitest";
import { listen } from "./listen.ts";

const PATH = process.env.REDIS_SERVER_PATH ?? "/usr/bin/redis-server";

/** Tests with Redis are skipped on machines without it. */
export const hasRedis = existsSync(PATH);

if (!hasRedis) {
  console.warn(
    "SKIPPED: what instances share is not tested, because redis-server is not installed. " +
      "Install it (apt-get install --no-install-recommends redis-server), or set REDIS_SERVER_PATH.",
  );
}

export interface RedisServer {
  readonly url: string;
  /** Starts it again on the same port, empty. */
  readonly start: () => Promise<void>;
  /** Ends it with SIGKILL. */
  readonly kill: () => Promise<void>;
  /** Stops the process, which keeps its connections: SIGSTOP. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** Sends a command over a connection of its own. */
  readonly command: (...args: readonly (string | Buffer)[]) => Promise<unknown>;
  /** The same with replies as bytes. */
  readonly commandForBytes: (...args: readonly (string | Buffer)[]) => Promise<Buffer>;
  /** All commands that Redis has received since the start of the monitor. */
  readonly monitor: () => Promise<readonly string[]>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * A Redis without persistence for one test, on a free port and in a temporary folder.
 *
 * @param test where its end is registered, if that is not a test of Vitest.
 */
export async function useRedis(
  options: readonly string[] = [],
  test: Pick<TestContext, "onTestFinished"> = { onTestFinished },
): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "redis-"));
  const port = await freePort();
  const password = "hunter22";
  let child: ChildProcess | null = null;

  const start = async () => {
    const settings = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
    const started = spawn(PATH, [...settings, "--requirepass", password, ...options]);
    child = started;
    await new Promise<void>((resolve, reject) => {
      let log = "";
      started.stdout.setEncoding("utf8").on("data", (text: string) => {
        log += text;
        if (log.includes("Ready to accept connections")) resolve();
      });
      started.once("error", reject);
      started.once("close", () => reject(new Error(`Expected redis-server to start, got:\n${log}`)));
    });
  };
  const kill = async () => {
    const killed = child;
    if (!killed || killed.exitCode !== null || killed.signalCode !== null) return;
    const ended = new Promise((resolve) => killed.once("close", resolve));
    killed.kill("SIGKILL");
    await ended;
  };
  test.onTestFinished(async () => {
    await kill();
    rmSync(folder, { recursive: true });
  });
  await start();

  const url = `redis://:${password}@127.0.0.1:${port}`;
  const connect = async () => {
    const client = createClient({ url, RESP: 2, socket: { reconnectStrategy: false } });
    // It ends with the server.
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  const send = async (args: readonly (string | Buffer)[], options = {}): Promise<unknown> => {
    const client = await connect();
    try {
      return await client.sendCommand(args, options);
    } finally {
      client.destroy();
    }
  };
  return {
    url,
    start,
    kill,
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    command: (...args) => send(args),
    // Bulk strings are buffers.
    commandForBytes: async (...args) =>
      (await send(args, { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } })) as Buffer,
    monitor: async () => {
      const lines: string[] = [];
      const client = await connect();
      test.onTestFinished(() => client.destroy());
      await client.monitor((line) => void lines.push(String(line)));
      return lines;
    },
  };
}
