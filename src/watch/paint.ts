/** Colours, those of BlueKing Job's own page. */
import { Chalk } from "chalk";
import type { RunPhase } from "../model/sdl.generated.ts";
import type { StatusView } from "./job-view.ts";

type Style = (text: string) => string;

export interface Paint {
  /** False: nothing may be told by colour alone. */
  readonly isColoured: boolean;
  readonly strong: Style;
  readonly weak: Style;
  readonly succeeded: Style;
  readonly failed: Style;
  readonly running: Style;
  readonly waitingUser: Style;
  readonly waiting: Style;
  readonly status: (status: StatusView) => Style;
}

/** As many colours as the terminal has; with a NO_COLOR that is not empty none (https://no-color.org). */
export function createPaint(environment: Readonly<Record<string, string | undefined>>): Paint {
  const chalk = environment.NO_COLOR ? new Chalk({ level: 0 }) : new Chalk();
  const succeeded = chalk.hex("#2dcb8d");
  const failed = chalk.hex("#ea3636");
  const running = chalk.hex("#3a84ff");
  const waitingUser = chalk.hex("#ff9c01");
  const ignored = chalk.hex("#abd88a");
  const byPhase: Readonly<Record<RunPhase, Style>> = {
    // The page's light grey is a colour of areas; as text it could not be read on a white ground.
    PENDING: chalk.dim,
    RUNNING: running,
    WAITING_USER: waitingUser,
    SUCCEEDED: succeeded,
    FAILED: failed,
    STOPPED: failed,
    UNKNOWN: waitingUser,
  };
  return {
    isColoured: chalk.level > 0,
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
