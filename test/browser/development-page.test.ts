// biome-ignore-all lint/performance/useDomNodeTextContent: the test reads what is visible
/** The React page of docs/client.md with the development server of docs/clients.md, in Chromium. */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { createServer, type ViteDevServer } from "vite";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { AUTHORIZATION } from "../support/ask.ts";
import { hasBrowser, startBrowser } from "../support/browser.ts";
import { type DocProjects, fileNameOf, writeDocProjects } from "../support/doc-projects.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { untilNotPolled } from "../support/not-polled.ts";
import { BLOCKS, type Block, PAGES } from "../support/readme.ts";
import { OFFLINE, openPage } from "../support/web-page.ts";
import { changingJob, finished, running } from "../watch/run-watch.ts";

const GATEWAY_HOST = "127.0.0.1:4000";
/** The job of the page. */
const JOB = "20000000002";

const blocksOf = (page: string): readonly Block[] =>
  BLOCKS[PAGES.findIndex(({ path }) => path === page)] ?? [];

const APP = blocksOf("docs/client.md");
const SHOWN = APP.slice(APP.findIndex((block) => fileNameOf(block) === "src/main.tsx")).find(
  ({ language }) => language === "text",
);

const linesOf = (text = "") => text.split("\n").filter((line) => line.trim() !== "");

describe.skipIf(!hasBrowser)("the React page of docs/client.md in development", () => {
  let gateway: TestGateway;
  let projects: DocProjects;
  let server: ViteDevServer;
  let browser: Browser;
  beforeAll(async () => {
    // As `demo` serves.
    gateway = await startGateway({ upstream: { defaultAuthorization: AUTHORIZATION } });
    projects = writeDocProjects((text) => text.replaceAll(GATEWAY_HOST, new URL(gateway.url).host));
    const root = projects.folderOf("docs/clients.md");
    const html = blocksOf("docs/clients.md").find(({ language }) => language === "html");
    writeFileSync(join(root, "index.html"), html?.text ?? "");
    mkdirSync(join(root, "src"));
    for (const name of ["src/main.tsx", "src/use-job.ts"]) {
      copyFileSync(join(projects.folderOf("docs/client.md"), name), join(root, name));
    }
    server = await createServer({
      root,
      logLevel: "warn",
      // The package is a link to the project here.
      server: { host: "127.0.0.1", port: 0, fs: { strict: false } },
    });
    await server.listen();
    browser = await startBrowser(OFFLINE);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    projects?.remove();
    await gateway?.close();
  });

  const open = async () => {
    const { page, problems, close } = await openPage(browser, server.resolvedUrls?.local[0] ?? "");
    onTestFinished(close);
    const lines = async () => linesOf(await page.locator("#root").innerText());
    return { page, problems, lines, close };
  };

  it("shows the job, as the page of the documentation says", async () => {
    const { problems, lines } = await open();
    await expect.poll(lines).toEqual(linesOf(SHOWN?.text));
    // The page has no icon.
    expect(problems.filter((problem) => !problem.includes("status of 404"))).toEqual([]);
  });

  it("is live, and ends the subscription when it is closed", async () => {
    const job = changingJob(gateway, JOB, running());
    const { lines, close } = await open();
    await expect.poll(async () => (await lines()).at(0)).toMatch(/: RUNNING$/);
    job.become(running({ stepFields: { name: "the next step" } }));
    await expect.poll(async () => (await lines()).at(-1)).toMatch(/^the next step: /);
    await close();
    await untilNotPolled(gateway, JOB);
    job.become(finished());
  });

  it("reaches the gateway over WebSocket", async () => {
    const { page } = await open();
    const acknowledgement = await page.evaluate(`new Promise((resolve, reject) => {
      const socket = new WebSocket("/graphql", "graphql-transport-ws");
      socket.onopen = () => socket.send('{"type":"connection_init"}');
      socket.onmessage = ({ data }) => resolve(JSON.parse(data).type);
      socket.onclose = reject;
    })`);
    expect(acknowledgement).toBe("connection_ack");
  });
});
