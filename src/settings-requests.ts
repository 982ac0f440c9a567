/** The settings of requests and responses: limits of their size and cost, rate limit, compression. */
import { commaSeparated, enumOf, wholeNumber } from "./config-checks.ts";
import { ENCODINGS } from "./http/compression.ts";

export const REQUEST_SETTINGS = {
  MAX_RESPONSE_BYTES: {
    default: "67108864",
    meaning: "Maximum size of a response in bytes. Larger responses fail with `BAD_USER_INPUT`.",
    check: wholeNumber(1, 2 ** 29),
  },
  MAX_BODY_BYTES: {
    default: "1048576",
    meaning:
      "Maximum size of a request body or of a WebSocket message in bytes. The default is about a hundred times that of the largest handwritten operation.",
    check: wholeNumber(1, 2 ** 26),
  },
  MAX_TOKENS: {
    default: "10000",
    meaning:
      "Maximum number of tokens (names, punctuation, values) in a document. Every field of the schema selected once is about 200.",
    check: wholeNumber(1, 100_000),
  },
  MAX_DEPTH: {
    default: "60",
    meaning:
      "Maximum nesting of selections, fragments and values. The introspection query of explorers has 15 levels.",
    check: wholeNumber(1, 500),
  },
  MAX_FIELDS: {
    default: "5000",
    meaning:
      "Maximum number of selected fields in an operation. Fields, aliases and directives of a fragment count wherever it is spread. Every field of the schema selected once is about 150.",
    check: wholeNumber(1, 100_000),
  },
  MAX_ALIASES: {
    default: "1000",
    meaning:
      "Maximum number of aliases in an operation. Handwritten operations have a few; programs that request many jobs or pages at once have one each.",
    check: wholeNumber(0, 100_000),
  },
  MAX_ROOT_FIELDS: {
    default: "200",
    meaning:
      "Maximum number of fields of `Query` in an operation. One operation reads at most 100 distinct jobs.",
    check: wholeNumber(1, 100_000),
  },
  MAX_DIRECTIVES: {
    default: "500",
    meaning: "Maximum number of directives (`@skip`, `@include`) in an operation.",
    check: wholeNumber(0, 100_000),
  },
  MAX_OPERATIONS_IN_FLIGHT: {
    default: "20000",
    meaning:
      "Maximum number of operations that run or wait for the upstream at the same time. Further ones get `OVERLOADED` (HTTP 503). Open subscriptions do not count. `0` disables the limit.",
    check: wholeNumber(0, 10_000_000),
  },
  MAX_EVENT_LOOP_DELAY_MS: {
    default: "1000",
    meaning:
      "Maximum mean delay of the event loop in milliseconds. While it is longer for at least two seconds, new operations get `OVERLOADED` (HTTP 503). `0` disables the limit.",
    check: wholeNumber(0, 86_400_000),
  },
  RATE_LIMIT_MAX: {
    default: "0",
    meaning:
      "Maximum number of operations that one caller may start within `RATE_LIMIT_WINDOW_MS`, by credentials or else by IP address. Further ones get `RATE_LIMITED` (HTTP 429). `0` disables the limit.",
    check: wholeNumber(0, 1_000_000_000),
  },
  RATE_LIMIT_WINDOW_MS: {
    default: "60000",
    meaning: "Window of the rate limit in milliseconds. It begins with the first operation of a caller.",
    check: wholeNumber(1, 86_400_000),
  },
  COMPRESSION: {
    default: "off",
    meaning:
      "`on`: responses of queries from 1 kB are compressed for clients that send `Accept-Encoding`. Subscriptions are never compressed.",
    check: enumOf(["off", "on"]),
  },
  COMPRESSION_ENCODINGS: {
    default: "zstd,br,gzip",
    meaning:
      "Comma-separated encodings of compressed responses. The first one that a client prefers is used.",
    check: commaSeparated(enumOf(ENCODINGS), ENCODINGS.length),
  },
} as const;
