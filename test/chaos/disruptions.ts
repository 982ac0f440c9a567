/** What happens to the gateways, to Redis and to the upstream while clients use them. */
import type { Actor, Chaos } from "./chaos.ts";
import type { Choices } from "./choices.ts";
import { CHANGES } from "./faults.ts";
import { IDENTITIES } from "./identities.ts";
import { pause } from "./pause.ts";

/** Jobs progress, and permissions are withdrawn and granted again. */
export const changeJobs: Actor = async ({ truth, report }, choices, stopped) => {
  while (!stopped.aborted) {
    const job = choices.pick(truth.jobs);
    if (choices.chance(0.85)) {
      job.version += 1;
      report.count("changes", "versions");
    } else {
      const identity = choices.pick(IDENTITIES);
      truth.permit(identity, job.id, choices.chance(0.6));
      report.count("changes", "permissions");
    }
    await pause(choices.between(10, 150), stopped);
  }
};

export const changeWeather: Actor = async ({ sky, report }, choices, stopped) => {
  while (!stopped.aborted) {
    const weather = choices.weighted(CHANGES);
    sky.change(weather);
    report.count("weather", weather);
    await pause(choices.between(1_000, 5_000), stopped);
  }
  sky.change("calm");
};

type Disruption = (chaos: Chaos, choices: Choices) => Promise<void>;

const instanceToRestart = ({ instances }: Chaos, choices: Choices) =>
  choices.pick(instances.filter(({ kind }) => !kind.isSteady));

const DISRUPTIONS = {
  redisKilled: async ({ redis }, choices) => {
    await redis.kill();
    await pause(choices.between(200, 2_500));
    await redis.start();
  },
  redisStopped: async ({ redis }, choices) => {
    redis.freeze();
    await pause(choices.between(50, 2_000));
    redis.thaw();
  },
  redisEmptied: async ({ redis }) => {
    await redis.command("FLUSHALL");
  },
  redisCutOff: async ({ link }, choices) => {
    link.set("cut");
    await pause(choices.between(100, 1_500));
    link.set("open");
  },
  redisSilent: async ({ link }, choices) => {
    link.set("silent");
    await pause(choices.between(100, 1_500));
    link.set("open");
  },
  instanceTerminated: (chaos, choices) => instanceToRestart(chaos, choices).restart("SIGTERM"),
  instanceKilled: (chaos, choices) => instanceToRestart(chaos, choices).restart("SIGKILL"),
} as const satisfies Record<string, Disruption>;

const WEIGHTS: Readonly<Record<keyof typeof DISRUPTIONS, number>> = {
  redisKilled: 2,
  redisStopped: 2,
  redisEmptied: 1,
  redisCutOff: 1,
  redisSilent: 1,
  instanceTerminated: 3,
  instanceKilled: 2,
};

/** One at a time, so that a violation has one cause. The weather is independent of them. */
export const disrupt: Actor = async (chaos, choices, stopped) => {
  while (!stopped.aborted) {
    await pause(choices.between(300, 2_000), stopped);
    const name = choices.weighted(WEIGHTS);
    chaos.report.count("disruptions", name);
    const disruption: Disruption = DISRUPTIONS[name];
    await disruption(chaos, choices);
  }
};
