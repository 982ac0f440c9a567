/** docs/watch.md: its commands have the output that the page shows. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { runProgram } from "../process/program.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { blocksOf, pairsOf, ROOT, tableOf } from "../support/readme.ts";
import { runShell } from "../support/shell.ts";
import { terminalSvg } from "../support/terminal-svg.ts";
import { CLI, CREDENTIALS, runInTerminal } from "./run-watch.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

describe("commands of `watch`", () => {
  const START = "npx bk-job-graphql watch";
  const PATH = process.env.PATH ?? "";
  const onTestGateway = (command: string) =>
    command.replace(START, `"${process.execPath}" "${CLI}" watch --url ${gateway.url}`);
  const withoutTime = (line: string) => line.replace(/^\S+Z /, "");

  it.each(pairsOf("sh", "text").filter(([command]) => command.startsWith(START)))(
    "%s has the output that the page shows",
    async (command, shown) => {
      const environment = { ...CREDENTIALS, PATH };
      const terminal = { columns: 120, environment };
      const run = runInTerminal({ onTestFinished }, ["sh", "-c", onTestGateway(command)], terminal);
      await run.ended;
      expect(run.screen.lines().map(withoutTime)).toEqual(shown.trimEnd().split("\n").map(withoutTime));
    },
  );

  it("look as in the picture in README.md", async () => {
    const columns = 78;
    const command = `${START} 20000000002 --scope biz:1`;
    const environment = { ...CREDENTIALS, PATH, COLORTERM: "truecolor" };
    const run = runInTerminal({ onTestFinished }, ["sh", "-c", onTestGateway(command)], {
      columns,
      environment,
    });
    await run.ended;
    // To redraw it: `npx vitest run test/watch/readme.test.ts -u`.
    const picture = fileURLToPath(new URL("docs/watch.svg", ROOT));
    await expect(terminalSvg(command, run.output(), columns)).toMatchFileSnapshot(picture);
  });

  it("with `--json` print JSON objects", async () => {
    const command =
      blocksOf("sh").find((text) => text.startsWith(START) && text.includes("--json")) ?? "false";
    expect(JSON.parse(await runShell(onTestGateway(command)))).toMatchObject({ status: "SUCCEEDED" });
  });

  it("are all tested, and all options are listed", async (test) => {
    const shown = pairsOf("sh", "text").filter(([command]) => command.startsWith(START));
    expect(blocksOf("sh").filter((text) => text.startsWith(START))).toHaveLength(shown.length + 1);

    const program = runProgram(test, "cli.js", ["watch", "--help"]);
    await program.ended;
    const options = [...program.stdout().matchAll(/^ {2}(--\w+(?: <\w+>)?) /gm)].map(([, option]) => option);
    expect(tableOf("Option", "Meaning").map(([option]) => option)).toEqual(options);
  });
});
