import { describe, expect, it } from "vitest";
import { formatDuration } from "../../src/pages/job/texts/language.ts";

describe("durations on the job page", () => {
  it.each([
    [0, "0ms", "0 毫秒"],
    // Elapsed times continue by the clock of the browser, which has fractions of milliseconds.
    [17.700000002980232, "17ms", "17 毫秒"],
    [999.9, "999ms", "999 毫秒"],
    [1_000, "1s", "1秒"],
    [61_500.5, "1m 1s", "1分 1秒"],
    [3_600_000, "1h", "1小时"],
    [90_061_000, "1d 1h", "1天 1小时"],
  ])("of %d ms are %s and %s", (ms, english, chinese) => {
    expect([formatDuration(ms, "en"), formatDuration(ms, "zh")]).toEqual([english, chinese]);
  });
});
