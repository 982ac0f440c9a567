/** The systemd unit: valid for systemd, with settings and times that agree with the gateway. */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { readConfig } from "../../src/config.ts";
import { MAX_CLOSE_MS } from "../../src/gateway.ts";
import { SETTINGS } from "../../src/settings.ts";
import { blocksOf, ROOT } from "../support/readme.ts";

const execute = promisify(execFile);

const UNIT = readFileSync(new URL("deploy/systemd/bk-job-graphql.service", ROOT), "utf8");
const ENVIRONMENT_FILE = readFileSync(new URL("deploy/systemd/settings.example.env", ROOT), "utf8");

/** The values of a directive, in order. */
const valuesOf = (name: string): readonly string[] =>
  [...UNIT.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(([, value = ""]) => value);

/** The only value of a directive. */
function directive(name: string): string {
  const [value, ...others] = valuesOf(name);
  if (value === undefined || others.length > 0)
    throw new Error(`Expected one ${name}, got ${valuesOf(name)}.`);
  return value;
}

const variablesIn = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines.flatMap((line) => {
      const [, name = "", value = ""] = /^(\w+)=(.*)$/.exec(line) ?? [];
      return name ? [[name, value]] : [];
    }),
  );

const FROM_UNIT = variablesIn(valuesOf("Environment"));
const FROM_FILE = variablesIn(ENVIRONMENT_FILE.split("\n"));

const useFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "systemd-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
};

it("has settings that the gateway accepts, with the secret in a file", () => {
  const [name, path] = directive("LoadCredential").split(":");
  expect(FROM_UNIT.BK_APP_SECRET_FILE).toBe(`%d/${name}`);
  expect(path).toMatch(/^\/etc\/bk-job-graphql\//);
  const secret = join(useFolder(), "secret");
  writeFileSync(secret, "s3cr3t\n");
  const { upstream, shutdownDelayMs } = readConfig({
    ...FROM_UNIT,
    ...FROM_FILE,
    BK_APP_SECRET_FILE: secret,
  });
  expect(upstream.app).toEqual({ code: FROM_FILE.BK_APP_CODE, secret: "s3cr3t" });
  expect(shutdownDelayMs).toBeGreaterThan(0);
  const names = Object.keys({ ...FROM_UNIT, ...FROM_FILE }).map((each) => each.replace(/_FILE$/, ""));
  expect(names.filter((each) => !(each in SETTINGS))).toEqual([]);
});

it("is stopped by SIGKILL only after the shutdown delay and the shutdown, with a reserve", () => {
  const shutdownMs = Number(FROM_UNIT.SHUTDOWN_DELAY_MS) + MAX_CLOSE_MS;
  expect(Number(directive("TimeoutStopSec")) * 1_000).toBeGreaterThanOrEqual(shutdownMs + 5_000);
});

it("runs the built program without npm, with a heap that leaves a third of the memory for buffers", () => {
  const [, megabytes, program] =
    /^\/usr\/bin\/node --max-old-space-size=(\d+) (.+)$/.exec(directive("ExecStart")) ?? [];
  expect(program).toBe("dist/main.js");
  expect(directive("MemoryMax")).toBe("1G");
  expect(Number(megabytes) / 1024).toBeCloseTo(2 / 3, 1);
});

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
if (!hasSystemd)
  process.stderr.write("SKIPPED: checks of the systemd unit, because systemd-analyze is missing.\n");

/** The unit in a file, with the Node.js of the tests, because systemd checks that the program exists. */
function writeUnit(): string {
  const path = join(useFolder(), "bk-job-graphql.service");
  writeFileSync(path, UNIT.replace("/usr/bin/node", process.execPath));
  return path;
}

it.skipIf(!hasSystemd)("is valid for systemd", async () => {
  // Unknown directives are warnings, which do not change the exit code.
  const { stdout, stderr } = await execute("systemd-analyze", ["verify", "--man=no", writeUnit()]);
  expect(stdout + stderr).toBe("");
});

it.skipIf(!hasSystemd)("is hardened: systemd rates its exposure as low", async () => {
  const options = ["--offline=true", "--no-pager", "--threshold=20"];
  // Exits with an error if the exposure is above the threshold, which is in tenths.
  const { stdout } = await execute("systemd-analyze", ["security", ...options, writeUnit()]);
  expect(stdout).toMatch(/Overall exposure level .*: \d\.\d OK/);
});

it("the commands of docs/deployment.md install these files where the unit expects them", () => {
  const [block = "", ...others] = blocksOf("sh").filter((text) => text.startsWith("install "));
  expect(others).toEqual([]);
  const installed = [...block.matchAll(/^install .*?(\S+) (\S+)$/gm)].map(([, from, to]) => [from, to]);
  expect(installed).toEqual([
    ["deploy/systemd/settings.example.env", directive("EnvironmentFile")],
    ["app-secret", directive("LoadCredential").split(":")[1]],
    ["deploy/systemd/bk-job-graphql.service", "/etc/systemd/system/"],
  ]);
  expect(block).toContain("systemctl enable --now bk-job-graphql\n");
});
