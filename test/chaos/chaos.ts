/** What the parts of the chaos share. */

import type { RedisServer } from "../support/redis-server.ts";
import type { Choices } from "./choices.ts";
import type { Sky } from "./faults.ts";
import type { Instance } from "./instances.ts";
import type { RedisLink } from "./redis-link.ts";
import type { Report } from "./report.ts";
import type { Sent } from "./sent.ts";
import type { Slack } from "./slack.ts";
import type { Truth } from "./truth.ts";

export interface Chaos {
  readonly truth: Truth;
  readonly sky: Sky;
  readonly instances: readonly Instance[];
  readonly redis: RedisServer;
  readonly link: RedisLink;
  readonly report: Report;
  readonly sent: Sent;
  readonly slack: Slack;
}

/** Acts until the signal aborts, and resolves when everything that it has begun is over. */
export type Actor = (chaos: Chaos, choices: Choices, stopped: AbortSignal) => Promise<void>;
