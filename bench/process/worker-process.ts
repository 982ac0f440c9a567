/** A helper process that is spoken to by messages: the simulator and the load generators. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { pidOf } from "./server-process.ts";

export interface WorkerProcess {
  readonly pid: number;
  /** The next message from it. */
  readonly receive: <T>() => Promise<T>;
  /** Sends a message and waits for the answer. */
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
    const onExit = () => reject(new Error(`${script.pathname} ended before it answered.`));
    child.once("exit", onExit).once("message", (message) => {
      child.off("exit", onExit);
      // Each worker's file says what it sends.
      resolve(message as T);
    });
  });
}
