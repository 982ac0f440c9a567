/** The settings of Redis, which instances of the gateway share. */
import { flag, redisUrl, secretKey, wholeNumber } from "./config-checks.ts";

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
  IDENTITY_KEY: {
    default: "",
    meaning:
      "Secret of at least 32 characters, the same for all instances, such as the output of `openssl rand -hex 32`. With it, instances share snapshots, polls and rate limits, never in the clear. `IDENTITY_KEY_FILE` can name a file with it.",
    check: secretKey,
    isSecret: true,
  },
  REDIS_SNAPSHOTS: {
    default: "true",
    meaning: "Whether instances share snapshots and polls if `REDIS_URL` and `IDENTITY_KEY` are set.",
    check: flag,
  },
  REDIS_SNAPSHOT_MAX_BYTES: {
    default: "1048576",
    meaning:
      "Maximum size of a compressed and encrypted snapshot, or result of a poll, in Redis in bytes. Larger ones are not shared. 10 000 hosts take about a quarter of this.",
    check: wholeNumber(1, 2 ** 26),
  },
} as const;
