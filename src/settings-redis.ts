/** The settings of Redis, which instances of the gateway share. */
import { redisUrl, wholeNumber } from "./config-checks.ts";

export const REDIS_SETTINGS = {
  REDIS_URL: {
    default: "",
    meaning:
      "Redis or Valkey that all instances share, such as `rediss://user:password@redis.example.com:6379/0`. `REDIS_URL_FILE` can name a file with the URL instead. If empty, instances share nothing.",
    check: redisUrl,
    isSecret: true,
  },
  REDIS_TIMEOUT_MS: {
    default: "200",
    meaning:
      "Time limit of a Redis command in milliseconds. It is also the longest time that a request can wait for a Redis that hangs.",
    check: wholeNumber(1, 10_000),
  },
} as const;
