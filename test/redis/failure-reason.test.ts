/** What the log says about a failure of Redis, and how often. */
import { ErrorReply, SocketClosedUnexpectedlyError } from "@redis/client";
import { describe, expect, it } from "vitest";
import { TimeLimitExceeded } from "../../src/redis/connection.ts";
import { failureReason } from "../../src/redis/failure-reason.ts";
import { createStateLog } from "../../src/redis/state-log.ts";

const CASES: readonly [what: string, error: unknown, reason: string][] = [
  ["the code of an error of the network", Object.assign(new Error("…"), { code: "EPIPE" }), "EPIPE"],
  ["the name of an error without a code", new TypeError("hunter22"), "TypeError"],
  ["plain for a closed connection", new SocketClosedUnexpectedlyError(), "closed"],
  ["plain for a timeout", new TimeLimitExceeded(), "timeout"],
  ["the code of an error reply", new ErrorReply("OOM command not allowed"), "OOM"],
  [
    "the beginning of a known error reply",
    new ErrorReply("ERR unknown command 'EVAL', with args beginning with: 'secret'"),
    "ERR unknown command",
  ],
  ["nothing but the code of another error reply", new ErrorReply("ERR hunter22"), "ERR"],
  ["an end without an error", null, "closed"],
];

describe("the reason of a failure", () => {
  it.each(CASES)("is %s", (_what, error, reason) => {
    expect(failureReason(error)).toBe(reason);
  });
});

it("logs each reason once until Redis works again", () => {
  const lines: string[] = [];
  const write = (text: string) => void lines.push(/^Redis \w+ \w+( \(.*\))?/.exec(text)?.[0] ?? text);
  const log = createStateLog({ info: write, warn: write });
  for (const reason of ["A", "B", "A", null, null, "A"]) log("connection", reason);
  for (const reason of [null, "OOM", "OOM", null]) log("writes", reason);
  expect(lines).toEqual([
    "Redis is unavailable (A)",
    "Redis is unavailable (B)",
    "Redis is available",
    "Redis is unavailable (A)",
    "Redis rejects writes (OOM)",
    "Redis accepts writes",
  ]);
});

it("logs what to do about wrong credentials", () => {
  const lines: string[] = [];
  const write = (text: string) => void lines.push(text);
  createStateLog({ info: write, warn: write })("connection", "WRONGPASS");
  expect(lines).toEqual([
    "Redis is unavailable (WRONGPASS). This instance works alone until it can use Redis. Check the user and password in REDIS_URL.",
  ]);
});
