/** Terminal colors, the same as on BlueKing Job's own page. */
import { Chalk } from "chalk";
import type { RunPhase } from "../model/sdl.generated.ts";
import type { StatusView } from "./job-view.ts";

type Style = (text: string) => string;

export interface Paint {
  /** False: the output must be understandable without colors. */
  readonly hasColors: boolean;
  readonly strong: Style;
  readonly weak: Style;
  readonly succeeded: Style;
  readonly failed: Style;
  readonly running: Style;
  readonly waitingUser: Style;
  readonly waiting: Style;
  readonly status: (status: StatusView) => Style;
}

/** Uses the colors that the terminal supports, or none if NO_COLOR is not empty (https://no-color.org). */
export function createPaint(environment: Readonly<Record<string, string | undefined>>): Paint {
  const chalk = environment.NO_COLOR ? new Chalk({ level: 0 }) : new Chalk();
  const succeeded = chalk.hex("#2dcb8d");
  const failed = chalk.hex("#ea3636");
  const running = chalk.hex("#3a84ff");
  const waitingUser = chalk.hex("#ff9c01");
  const ignored = chalk.hex("#abd88a");
  const byPhase: Readonly<Record<RunPhase, Style>> = {
    // The page's light gray would be unreadable as text on a white background.
    PENDING: chalk.dim,
    RUNNING: running,
    WAITING_USER: waitingUser,
    SUCCEEDED: succeeded,
    FAILED: failed,
    STOPPED: failed,
    UNKNOWN: waitingUser,
  };
  return {
    hasColors: chalk.level > 0,
    strong: chalk.bold,
    weak: chalk.dim,
    succeeded,
    failed,
    running,
    waitingUser,
    waiting: chalk.hex("#dcdee5"),
    status: ({ phase, label }) => (label === "ERROR_IGNORED" ? ignored : byPhase[phase]),
  };
}
