/** Runs `watch` in a pipe and in a terminal, on jobs that the test changes. */
import { fileURLToPath } from "node:url";
import { spawn } from "@lydell/node-pty";
import type { TestContext } from "vitest";
import { type Program, runProgram } from "../process/program.ts";
import { AUTHORIZATION } from "../support/ask.ts";
import type { TestGateway } from "../support/gateway.ts";
import { hostRow, type JobPayload, scriptJob, stepRow } from "../support/job-payload.ts";
import { createScreen, type Screen } from "./screen.ts";

type Test = Pick<TestContext, "onTestFinished">;

export interface WatchTarget {
  /** URL of the GraphQL endpoint. */
  readonly url: string;
  readonly id: string;
}

/** Arguments that watch a job in `biz:1`. */
export const argumentsFor = ({ url, id }: WatchTarget, ...more: readonly string[]): readonly string[] => [
  "watch",
  id,
  "--scope",
  "biz:1",
  "--url",
  url,
  ...more,
];

/** A pattern for elapsed times, which depend on the machine. */
export const ELAPSED = "(?:\\d+m )?\\d+s";

export const CREDENTIALS = { BK_JOB_AUTHORIZATION: AUTHORIZATION };

/** Runs `watch` in a pipe. */
export const watchInPipe = (
  test: Test,
  target: WatchTarget,
  more: readonly string[] = [],
  environment: Record<string, string> = {},
): Program => runProgram(test, "cli.js", argumentsFor(target, ...more), { ...CREDENTIALS, ...environment });

export interface TerminalRun {
  readonly screen: Screen;
  /** The output so far. */
  readonly output: () => string;
  readonly type: (keys: string) => void;
  readonly resize: (columns: number, rows: number) => void;
  /** Sends a signal to the program. */
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<number>;
  /** Waits until the output fulfills the condition. Rejects if the program ends before. */
  readonly until: (condition: () => boolean) => Promise<void>;
  /** Waits for a matching line. */
  readonly shows: (pattern: RegExp) => Promise<void>;
}

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly environment?: Record<string, string>;
}

export const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

/** Runs `watch` in a terminal of 80 columns and 24 rows. */
export const watchInTerminal = (
  test: Test,
  target: WatchTarget,
  { environment, ...options }: TerminalOptions = {},
): TerminalRun =>
  runInTerminal(test, [process.execPath, CLI, ...argumentsFor(target)], {
    environment: { ...CREDENTIALS, ...environment },
    ...options,
  });

/**
 * Reports the end of the command on the terminal and keeps running, because unread output can be lost when the last
 * process of a terminal ends. Ctrl-C is handled by the command.
 */
const SHELL = `trap : INT; "$@"; printf '\\036%d\\036' $?; read -r _`;
const SEPARATOR = "\u001e";
const END = new RegExp(`${SEPARATOR}(?:(\\d+)${SEPARATOR})?`);

/** Runs a command in a terminal. */
export function runInTerminal(
  { onTestFinished }: Test,
  command: readonly string[],
  { columns = 80, rows = 24, environment = {} }: TerminalOptions = {},
): TerminalRun {
  const pty = spawn("sh", ["-c", SHELL, "sh", ...command], {
    cols: columns,
    rows,
    env: { TERM: "xterm-256color", ...environment },
  });
  onTestFinished(() => pty.kill("SIGKILL"));
  const screen = createScreen({ columns, rows });
  const { promise: ended, resolve: end } = Promise.withResolvers<number>();
  let output = "";
  let unread = "";
  const waiting = new Set<() => void>();
  pty.onData((text) => {
    unread += text;
    const [mark, exitCode] = END.exec(unread) ?? [];
    const shown = mark === undefined ? unread : unread.slice(0, unread.indexOf(mark));
    unread = unread.slice(shown.length);
    output += shown;
    screen.write(shown);
    // During an update the picture is incomplete.
    if (screen.isWhole()) for (const look of waiting) look();
    if (exitCode !== undefined) end(Number(exitCode));
  });
  const until = (condition: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!condition()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      ended.then(() => {
        look();
        reject(new Error(`Expected ${condition}, but the program ended:\n${output}`));
      });
    });
  const shows = (pattern: RegExp) => until(() => screen.lines().some((line) => pattern.test(line)));
  const resize = (...size: [columns: number, rows: number]) => {
    screen.resize(...size);
    pty.resize(...size);
  };
  return {
    screen,
    output: () => output,
    type: (keys) => pty.write(keys),
    resize,
    // For all processes of the terminal.
    kill: (signal) => process.kill(-pty.pid, signal),
    ended,
    until,
    shows,
  };
}

/** A job that the test changes. */
export interface ChangingJob extends WatchTarget {
  readonly become: (job: JobPayload) => void;
}

export function changingJob({ url, simulator }: TestGateway, id: string, first: JobPayload): ChangingJob {
  let job = first;
  scriptJob(simulator, id, () => job);
  return {
    url,
    id,
    become: (next) => {
      job = next;
    },
  };
}

const STARTED = Date.UTC(2026, 0, 1);

export interface JobParts {
  readonly name?: string;
  /** Status of the job, as the upstream's number. */
  readonly status?: number;
  /** Statuses of its step's hosts. */
  readonly hosts?: readonly number[];
  readonly stepFields?: Record<string, unknown>;
  readonly hostFields?: Record<string, unknown>;
  readonly steps?: JobPayload["steps"];
}

/** A running job with one step that has just started. */
export const running = ({
  name = "部署",
  status = 2,
  hosts = [],
  stepFields,
  hostFields,
  steps,
}: JobParts = {}): JobPayload => ({
  finished: false,
  fields: { name, status, start_time: Date.now() },
  steps: steps ?? [
    stepRow({
      name: "安装",
      status: 2,
      step_ip_result_list: hosts.map((host, index) => hostRow(index + 1, { status: host, ...hostFields })),
      ...stepFields,
    }),
  ],
});

/** The same job, finished after 65 s. */
export const finished = (parts: JobParts = {}): JobPayload => {
  const { fields, ...job } = running({ status: 3, ...parts });
  const times = { start_time: STARTED, end_time: STARTED + 65_000, total_time: 65_000 };
  return { ...job, finished: true, fields: { ...fields, ...times } };
};

/** Waits for this number of lines of output. */
export const linesOf = ({ until, stdout }: Program, count: number): Promise<void> =>
  until(() => stdout().split("\n").length > count);

/** Waits until the program's stderr matches. */
export const printsError = ({ until, stderr }: Program, pattern: RegExp): Promise<void> =>
  until(() => pattern.test(stderr()));
