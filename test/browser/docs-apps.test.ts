// biome-ignore-all lint/performance/useDomNodeTextContent: the test reads what is visible
/** The React apps of the pages in Chromium: they show what the pages say. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { hasBrowser, startBrowser } from "../support/browser.ts";
import { compileRelay, type DocProjects, fileNameOf, writeDocProjects } from "../support/doc-projects.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { BLOCKS, PAGES, pageOf } from "../support/readme.ts";

/** Pages with an app, and the text that they show for it. */
const APPS = PAGES.flatMap(({ path: page }, index) => {
  const blocks = BLOCKS[index] ?? [];
  const main = blocks.findIndex((block) => fileNameOf(block) === "src/main.tsx");
  const [shown, ...others] = blocks.slice(main + 1).filter(({ language }) => language === "text");
  // test/browser/development-page.test.ts has the app of docs/client.md.
  return main < 0 || page === "docs/client.md" ? [] : [{ page, shown: shown?.text ?? "", others }];
});

/** Replaces each `graphql` tag by what the compiler of Relay has generated, as Relay's plugins for bundlers do. */
const relayPlugin: Plugin = {
  name: "relay",
  setup: ({ onLoad }) =>
    onLoad({ filter: /relay\/src\/\w+\.tsx?$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const tag = /graphql`\s*(?:query|fragment|subscription) (\w+)[^`]*`/g;
      const contents = source.replace(
        tag,
        (_, name) => `require("./__generated__/${name}.graphql.ts").default`,
      );
      return { contents, loader: "tsx" };
    }),
};

/** Pages that a test fulfills have no address, so that the browser would block their WebSockets to this machine. */
const ONE_SITE = "--disable-features=LocalNetworkAccessChecks";

async function bundle(folder: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(folder, "src/main.tsx")],
    plugins: [relayPlugin],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  return outputFiles[0]?.text ?? "";
}

it("there are apps for three libraries, each with one output", () => {
  expect(APPS.map(({ page }) => page)).toEqual(["docs/apollo-client.md", "docs/relay.md", "docs/urql.md"]);
  expect(APPS.flatMap(({ others }) => others)).toEqual([]);
});

describe.skipIf(!hasBrowser)("the app of", () => {
  let gateway: TestGateway;
  let projects: DocProjects;
  let browser: Browser;
  beforeAll(async () => {
    gateway = await startGateway({ upstream: { app: { code: "app", secret: "secret" } } });
    projects = writeDocProjects();
    await compileRelay(projects.folderOf("docs/relay.md"));
    browser = await startBrowser([ONE_SITE]);
  });
  afterAll(async () => {
    await browser?.close();
    projects?.remove();
    await gateway?.close();
  });

  /** Opens the app of a page as if it were on the site of the gateway, where the user has logged in. */
  async function openApp(path: string) {
    const { origin } = new URL(gateway.url);
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    await context.addCookies([{ name: "bk_token", value: "demo", url: origin }]);
    const page = await context.newPage();
    const problems: string[] = [];
    const received: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => received.push(String(payload))),
    );
    const script = await bundle(projects.folderOf(path));
    const html = '<div id="root"></div><script type="module" src="/app.js"></script>';
    await page.route(`${origin}/app`, (route) => route.fulfill({ contentType: "text/html", body: html }));
    await page.route(`${origin}/app.js`, (route) =>
      route.fulfill({ contentType: "text/javascript; charset=utf-8", body: script }),
    );
    await page.goto(`${origin}/app`);
    return { page, problems, received };
  }

  it.each(APPS)(
    "$page shows failed hosts page by page, with the login cookie",
    async ({ page: path, shown }) => {
      const { page, problems, received } = await openApp(path);
      const linesOf = (text: string) => text.split("\n").filter((line) => line.trim() !== "");
      const lines = async () => linesOf(await page.locator("#root").innerText());
      await expect.poll(lines).toEqual(linesOf(shown));

      const more = page.getByRole("button", { name: "More" });
      for (const hosts of [6, 9]) {
        await more.click();
        await expect.poll(() => page.getByText(", exit code ").count()).toBe(hosts);
      }
      expect(await more.count()).toBe(0);
      expect(await lines()).toContain("10.0.0.31: AGENT_ABNORMAL, exit code 0");

      const subscribes = pageOf(path).includes("socket.subscribe(");
      const isLive = () => received.some((message) => message.includes('"jobInstanceUpdated":{'));
      await expect.poll(isLive).toBe(subscribes);
      expect(problems).toEqual([]);
    },
  );
});
