/** Runs the reference in processes that are replaced regularly. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Identity } from "./identities.ts";
import type { Operation, Result } from "./reference.ts";
import type { Assumption } from "./required.ts";
import type { Versions } from "./upstream.ts";

export interface Question {
  readonly operation: Operation;
  readonly identity: Identity;
  /** Versions of all jobs of the operation. */
  readonly versions: Versions;
  readonly assumption: Assumption;
}

export interface Reference {
  readonly answer: (question: Question) => Promise<Result>;
  readonly close: () => void;
}

/** Number of questions per process. */
const MAX_QUESTIONS = 250;

const PROGRAM = fileURLToPath(new URL("reference-process.ts", import.meta.url));

interface Worker {
  readonly child: ChildProcess;
  readonly waiting: PromiseWithResolvers<string>[];
  asked: number;
}

export function createReference(): Reference {
  const workers = new Set<Worker>();
  // Equal questions have equal answers.
  const known = new Map<string, Promise<Result>>();

  const start = (): Worker => {
    const child = fork(PROGRAM, [], { execArgv: [], env: { ...process.env, NODE_ENV: "production" } });
    const worker: Worker = { child, waiting: [], asked: 0 };
    workers.add(worker);
    child.on("message", (text: string) => {
      worker.waiting.shift()?.resolve(text);
      if (worker.asked === MAX_QUESTIONS && worker.waiting.length === 0) child.kill();
    });
    child.on("exit", () => {
      workers.delete(worker);
      for (const { reject } of worker.waiting) reject(new Error("The reference has ended."));
    });
    return worker;
  };

  let current = start();

  const ask = (text: string): Promise<string> => {
    const answer = Promise.withResolvers<string>();
    current.asked += 1;
    current.waiting.push(answer);
    current.child.send(text);
    if (current.asked === MAX_QUESTIONS) current = start();
    return answer.promise;
  };

  return {
    answer: (question) => {
      const text = JSON.stringify(question);
      // The process writes nothing but results.
      const found = known.get(text) ?? ask(text).then((json) => JSON.parse(json) as Result);
      known.set(text, found);
      return found;
    },
    close: () => {
      for (const { child } of workers) child.kill();
    },
  };
}
