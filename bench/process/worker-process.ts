/** A child process that communicates by messages: the simulator or a load generator. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { pidOf } from "./server-process.ts";

export interface WorkerProcess {
  readonly pid: number;
  /** Waits for the next message. */
  readonly receive: <T>() => Promise<T>;
  /** Sends a message and waits for the reply. */
  readonly ask: <T>(message: object) => Promise<T>;
  readonly stop: () => void;
}

export function startWorker(script: URL, environment: Readonly<Record<string, string>> = {}): WorkerProcess {
  const child = fork(fileURLToPath(script), { env: { ...process.env, ...environment }, execArgv: [] });
  const receive = <T>() => nextMessage<T>(child, script);
  return {
    pid: pidOf(child),
    receive,
    ask: (message) => {
      child.send(message);
      return receive();
    },
    stop: () => void (child.connected && child.disconnect()),
  };
}

function nextMessage<T>(child: ChildProcess, script: URL): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error(`${script.pathname} exited before it replied.`));
    child.once("exit", onExit).once("message", (message) => {
      child.off("exit", onExit);
      // Each worker documents the type of its messages.
      resolve(message as T);
    });
  });
}
