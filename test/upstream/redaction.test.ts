/** Redaction of the upstream's messages: what is hidden and what is not. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCaller } from "../../src/upstream/caller.ts";
import { createRedaction } from "../../src/upstream/redaction.ts";

const redactWith = (baseUrl: string, credentials: unknown = {}, proxies: readonly string[] = []) =>
  createRedaction([baseUrl, ...proxies].map((url) => new URL(url)))(
    createCaller({ authorization: JSON.stringify(credentials), tenantId: null, language: null }),
  );

describe("a host name that is also a word", () => {
  const redact = redactWith("http://job/");

  it.each([
    "The job instance does not exist",
    "job",
    "job: 3 steps failed",
    "job:100 is unknown",
    "Job/100 and job/step",
    "jobs:80, myjob:80, bk-job:80",
    "http://jobs.example.com/api",
    "http://job.example.com/api",
    "//jobs/1",
    "a@jobs.example.com",
    "host of the job",
  ])("does not redact it as an ordinary word: %s", (text) => {
    expect(redact(text)).toBe(text);
  });

  it.each([
    ["GET http://job/api/v4/x failed", "GET ***/api/v4/x failed"],
    ["GET HTTP://JOB:8080/api failed", "GET ***/api failed"],
    ["see //job/x", "see ***/x"],
    ["job:80 refused the connection", "*** refused the connection"],
    ["url=http%3A%2F%2Fjob%3A80%2Fapi", "url=***%2Fapi"],
    ['{"url":"http:\\/\\/job\\/api"}', '{"url":"***\\/api"}'],
    ["\\njob:80", "\\n***"],
    ["user@job", "user@***"],
    ["GET job/api/v4/get_job_instance_status", "GET ***/get_job_instance_status"],
    ["connect to job/10.0.0.1:80 failed", "connect to ***:80 failed"],
    ["Host: job", "Host: ***"],
    ['{"host":"job"}', '{"host":"***"}'],
    ["java.net.UnknownHostException: job", "java.net.UnknownHostException: ***"],
    ["getaddrinfo ENOTFOUND job", "getaddrinfo ENOTFOUND ***"],
  ])("is hidden where it is a host: %s", (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it.each([
    ["http://job:8080/prod", "job:8080 and job:80", "*** and job:80"],
    ["http://job:8080/prod", "job/prod/x, /prod, job/production", "***/x, /prod, job/production"],
    ["https://job", "job:443 and job:80", "*** and job:80"],
    ["http://bk-job/api/prod/", "bk-job failed at bk-job/api/prod/x", "bk-job failed at ***/x"],
  ])("of %s is redacted in: %s", (baseUrl, text, expected) => {
    expect(redactWith(baseUrl)(text)).toBe(expected);
  });
});

describe("a host name with several labels", () => {
  it.each([
    ["https://bkapi.example.com/api/bk-job/prod", "to bkapi.example.com failed", "to *** failed"],
    ["https://bkapi.example.com/api/bk-job/prod", "BKAPI.EXAMPLE.COM:444.", "***:444."],
    ["https://bkapi.example.com/api/bk-job/prod", "a.bkapi.example.com", "a.***"],
    ["https://bkapi.example.com/api/bk-job/prod", "mybkapi.example.com", "mybkapi.example.com"],
    ["https://bkapi.example.com/api/bk-job/prod", "x%20bkapi.example.com%20", "x%20***%20"],
    ["https://bkapi.example.com/api/bk-job/prod", "GET /api/bk-job/prod/x", "GET ***/x"],
    ["https://bkapi.example.com/api/bk-job/prod", "GET /api/bk-job/production", "GET /api/bk-job/production"],
    [
      "http://10.0.0.1:8080/",
      "10.0.0.1, 10.0.0.12, 110.0.0.1, 10.0.0.1.5",
      "***, 10.0.0.12, 110.0.0.1, 10.0.0.1.5",
    ],
    ["http://10.0.0.1:8080/", "ip10.0.0.1x 10.0.0.1:8080/x", "ip***x ***/x"],
    ["http://[fe80::1]:8080/", "to [fe80::1]:8080 and %5Bfe80%3A%3A1%5D", "to *** and ***"],
  ])("of %s is redacted in: %s", (baseUrl, text, expected) => {
    expect(redactWith(baseUrl)(text)).toBe(expected);
  });
});

describe("a proxy", () => {
  const redact = redactWith("http://job/", {}, ["http://user:pass%2Fword-1@proxy.example.com:3128"]);

  it.each([
    ["proxy.example.com:3128 said no", "*** said no"],
    ["got pass%2Fword-1", "got ***"],
    ["got pass/word-1", "got ***"],
  ])("is hidden like the upstream: %s", (text, expected) => {
    expect(redact(text)).toBe(expected);
  });
});

describe("a long secret", () => {
  const token = Array.from({ length: 100 }, (_, index) => `part-${index}`).join("/");
  const redact = redactWith("http://job/", { bk_token: token });

  it("is hidden completely", () => {
    expect(redact(`got ${token}!`)).toBe("got ***!");
    expect(redact(`got ${token.toUpperCase()}!`)).toBe("got ***!");
    expect(redact(`got ${encodeURIComponent(token)}!`)).toBe("got ***!");
  });

  it("is hidden if it is cut off", () => {
    expect(redact(`got ${token.slice(0, 300)}…`)).toBe("got ***…");
  });
});

describe("a long message", () => {
  const token = "0123456789abcdef".repeat(20);
  const redact = redactWith("http://job/", { bk_token: token });

  it("contains no part of a secret, wherever it is cut", () => {
    fc.assert(
      fc.property(fc.integer({ min: 3_700, max: 4_200 }), fc.boolean(), (at, isShort) => {
        // Secrets in front are replaced by shorter text, so that the end of the examined part is visible.
        const before = isShort ? `${token} `.repeat(11) : "";
        const text = redact(`${before.padEnd(at, isShort ? "." : "x")}${token}${"y".repeat(10_000)}`);
        expect(text).not.toContain("0123456789");
        expect(text.length).toBeLessThanOrEqual(1_001);
      }),
    );
  });

  it("is cut to its first characters", () => {
    const text = redact(`begin ${"x ".repeat(2 ** 25)}`);
    expect(text).toMatch(/^begin (x )+x?…$/);
    expect(text.length).toBe(1_001);
  });

  // Each takes a few milliseconds; without a limit it would take minutes.
  it.each([
    ["of the characters of a secret", { bk_token: `${"a".repeat(12_000)}b` }, "a".repeat(2 ** 24)],
    [
      "of the beginning of many secrets",
      Array.from({ length: 1_000 }, (_, i) => `aaaaaa${i}`),
      "a".repeat(2 ** 24),
    ],
    ["of slashes", {}, "/".repeat(2 ** 24)],
    ["of backslashes", {}, "\\".repeat(2 ** 24)],
    ["of spaces after a colon", {}, `host:${" ".repeat(2 ** 24)}`],
    ["of host names", {}, "job".repeat(2 ** 22)],
  ])("is processed in bounded time: one %s", (_, credentials, text) => {
    const hostile = redactWith("http://job/", credentials);
    const begin = process.cpuUsage().user;
    for (let round = 0; round < 10; round += 1) hostile(text);
    expect((process.cpuUsage().user - begin) / 1_000 / 10).toBeLessThan(1_000);
  });
});

it("never shows a secret, whatever surrounds it", () => {
  const secret = fc.stringMatching(/^[a-c/"\\é]{6,90}$/);
  fc.assert(
    fc.property(secret, fc.string(), fc.string(), fc.nat(3), (token, before, after, form) => {
      const json = JSON.stringify(token).slice(1, -1);
      const shown = [token, json, encodeURIComponent(token), JSON.stringify(json).slice(1, -1)][form] ?? "";
      expect(redactWith("http://job/", { bk_token: token })(`${before} ${shown} ${after}`)).not.toContain(
        ` ${shown} `,
      );
    }),
  );
});
