/** The settings for failures of the upstream: retries and the circuit breaker. */
import { MAX_MS, wholeNumber } from "./config-checks.ts";

export const FAILURE_SETTINGS = {
  UPSTREAM_RETRIES: {
    default: "2",
    meaning:
      "Maximum number of retries of an upstream call after a connection error before the response, or HTTP 502, 503 or 504. `0` disables retries.",
    check: wholeNumber(0, 10),
  },
  UPSTREAM_RETRY_BACKOFF_MS: {
    default: "100",
    meaning:
      "Upper limit of the random delay before the first retry, in milliseconds. It doubles with each further retry, up to 5 s.",
    check: wholeNumber(0, MAX_MS),
  },
  UPSTREAM_RETRY_BUDGET_PERCENT: {
    default: "20",
    meaning:
      "Maximum number of retries in percent of the calls, so that retries do not multiply the load during an outage. One retry per second, and 20 after a time without failures, are always allowed.",
    check: wholeNumber(0, 1_000),
  },
  UPSTREAM_BREAKER_PERCENT: {
    default: "50",
    meaning:
      "Share of failed upstream calls at which the circuit breaker opens, in percent. Connection errors, timeouts and HTTP 5xx count as failures. `0` disables the circuit breaker.",
    check: wholeNumber(0, 100),
  },
  UPSTREAM_BREAKER_MIN_CALLS: {
    default: "20",
    meaning: "Minimum number of upstream calls within the window for the circuit breaker to open.",
    check: wholeNumber(1, 1_000_000),
  },
  UPSTREAM_BREAKER_WINDOW_MS: {
    default: "10000",
    meaning: "Window of the circuit breaker in milliseconds: calls that ended earlier do not count.",
    check: wholeNumber(1, MAX_MS),
  },
  UPSTREAM_BREAKER_OPEN_MS: {
    default: "5000",
    meaning:
      "How long an open circuit breaker rejects calls before it lets a test call through, in milliseconds.",
    check: wholeNumber(1, MAX_MS),
  },
} as const;
