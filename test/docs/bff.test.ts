/** docs/bff.md: its commands start the backend for frontend, which responds as the page shows. */
import { spawn } from "node:child_process";
import { dirname } from "node:path";
import { afterAll, beforeAll, expect, it, type TestContext } from "vitest";
import { signalGroup } from "../package/installed-package.ts";
import { observe, type Program } from "../process/program.ts";
import { type DocProjects, writeDocProjects } from "../support/doc-projects.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { BLOCKS, PAGES } from "../support/readme.ts";
import { runShell } from "../support/shell.ts";

/** Where the page expects the gateway and the BFF. */
const GATEWAY_HOST = "127.0.0.1:4000";
const BFF_URL = "http://127.0.0.1:3000";

const PAGE = BLOCKS[PAGES.findIndex(({ path }) => path === "docs/bff.md")] ?? [];
const commandWith = (part: string): string =>
  PAGE.find(({ language, text }) => language === "sh" && text.includes(part))?.text ?? "false";

const START = commandWith("node bff.ts");

let gateway: TestGateway;
let projects: DocProjects;
beforeAll(async () => {
  gateway = await startGateway();
  projects = writeDocProjects((text) => text.replaceAll(GATEWAY_HOST, new URL(gateway.url).host));
});
afterAll(async () => {
  projects.remove();
  await gateway.close();
});

/** Runs a command in the project of the page. The environment contains nothing that the page does not mention. */
function runCommand({ onTestFinished }: TestContext, command: string): Program {
  const child = spawn("sh", ["-c", command], {
    cwd: projects.folderOf("docs/bff.md"),
    env: { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, PORT: "0" },
    // A group of its own, so that the program ends with the shell.
    detached: true,
  });
  onTestFinished(() => signalGroup(child.pid, "SIGKILL"));
  return observe(child);
}

/** Starts the BFF with the command of the page, and waits for its URL in the log. */
async function startBff(test: TestContext) {
  const { stdout, until } = runCommand(test, START);
  const url = () => /listening at (http:[^"]+)"/.exec(stdout())?.[1];
  await until(() => url() !== undefined);
  const statusOf = async (jobInstanceId: string) => {
    const response = await fetch(`${url()}/jobs/${jobInstanceId}/failed-hosts`, {
      headers: { cookie: "bk_token=a" },
    });
    await response.body?.cancel();
    return [response.status, response.headers.get("retry-after")];
  };
  return { url: url() ?? "", log: stdout, statusOf };
}

it("answers the command of the page, with the credentials of the user", async (test) => {
  const { url } = await startBff(test);
  const command = commandWith("curl ");
  expect(command).toContain(BFF_URL);
  const output = await runShell(command.replaceAll(BFF_URL, url));
  const shown = PAGE.find(({ language }) => language === "json")?.text ?? "";
  expect(JSON.parse(output)).toEqual(JSON.parse(shown));
  expect(gateway.simulator.requests.at(-1)?.headers["x-bkapi-authorization"]).toBe(
    '{"bk_app_code":"portal","bk_app_secret":"secret","bk_token":"your-token"}',
  );
});

it("responds with the status of the page for each outcome", async (test) => {
  const { statusOf } = await startBff(test);
  expect(await statusOf("20000000403")).toEqual([403, null]);
  expect(await statusOf("20000000404")).toEqual([404, null]);
  expect(await statusOf("abc")).toEqual([400, null]);
  expect(await statusOf("20000090101")).toEqual([401, null]);
  expect(await statusOf("20000090107")).toEqual([503, "3"]);
});

it("logs errors with the request id of the gateway, and no credentials", async (test) => {
  const { statusOf, log } = await startBff(test);
  expect(await statusOf("20000090301")).toEqual([502, null]);
  await expect.poll(log).toMatch(/"code":"UPSTREAM_CONTRACT","requestId":"[^"]+","msg":"\w/);
  expect(log()).not.toMatch(/bk_token|secret/);
});

it.for(["BK_APP_CODE", "BK_APP_SECRET"])("does not start without %s", async (name, test) => {
  const { ended, stderr } = runCommand(test, START.replace(new RegExp(`${name}=\\w+ `), ""));
  expect((await ended).code).toBe(1);
  expect(stderr()).toContain("Set BK_APP_CODE and BK_APP_SECRET");
});
