/** One server in its own process. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { commandLine } from "./proc.ts";

export interface ServerProcess {
  readonly pid: number;
  readonly origin: string;
  /** Node.js flags that it was not started with: a server that re-executes itself can add some. */
  readonly addedFlags: readonly string[];
  /** Stops it with SIGTERM, so that a CPU profile gets written. */
  readonly stop: () => Promise<void>;
}

export interface ServerProcessOptions {
  /** Script and arguments for Node.js. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

const START_LIMIT_MS = 20_000;

/** Starts a server on a free port. @throws Error with its stderr when it does not listen in time. */
export async function startServer({ args, environment }: ServerProcessOptions): Promise<ServerProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, NODE_ENV: "production", PORT: String(port), ...environment },
    // Logs go to /dev/null: writing them is part of the cost, storing them is not.
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-4_000);
  });
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`Expected ${args.at(-1)} to listen within ${START_LIMIT_MS} ms:\n${stderr}`);
    }
    await sleep(20);
  }
  const pid = pidOf(child);
  const addedFlags = commandLine(pid).filter((arg) => arg.startsWith("-") && !args.includes(arg));
  return { pid, origin: `http://127.0.0.1:${port}`, addedFlags, stop: () => stop(child) };
}

export const pidOf = ({ pid }: ChildProcess): number => {
  if (pid === undefined) throw new Error("Expected the process to have been started.");
  return pid;
};

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await exit;
  clearTimeout(timer);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  // The address of a TCP server that is listening is an object.
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
