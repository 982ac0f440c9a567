/** Metrics of commands to Redis. */
import { Counter, Histogram, type Registry } from "prom-client";
import type { ObserveRedis, RedisCommand, RedisOutcome } from "../redis/redis.ts";
import { PREFIX } from "./prefix.ts";

const DURATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

const COMMANDS: readonly RedisCommand[] = ["read", "write", "claim", "count"];
const OUTCOMES: readonly RedisOutcome[] = ["ok", "error", "timeout", "skipped"];

export function createRedisMetrics(registry: Registry): ObserveRedis {
  const registers = [registry];
  const commands = new Counter({
    name: `${PREFIX}redis_commands_total`,
    help: "Commands to Redis by outcome. Skipped: not sent, because Redis was unavailable or busy.",
    labelNames: ["command", "outcome"],
    registers,
  });
  const durations = new Histogram({
    name: `${PREFIX}redis_command_duration_seconds`,
    help: "Duration of commands to Redis, except skipped ones.",
    labelNames: ["command"],
    buckets: DURATION_BUCKETS,
    registers,
  });
  for (const command of COMMANDS) {
    for (const outcome of OUTCOMES) commands.inc({ command, outcome }, 0);
    durations.zero({ command });
  }
  return (command, outcome, durationMs) => {
    commands.inc({ command, outcome });
    if (outcome !== "skipped") durations.observe({ command }, durationMs / 1_000);
  };
}
