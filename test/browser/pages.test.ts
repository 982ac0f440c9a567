/** The start page, the explorer and the page of Apollo Sandbox in a browser that reaches nothing but the gateway. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { EXAMPLE_OPERATIONS } from "../../src/model/example-operations.ts";
import { tokenOf } from "../live/live-job.ts";
import { AUTHORIZATION } from "../support/ask.ts";
import { hasBrowser, startBrowser } from "../support/browser.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { type JobPayload, scriptJob, stepRow } from "../support/job-payload.ts";
import { OFFLINE, type OpenPageOptions, openPage, violationsOf } from "../support/web-page.ts";

const LIVE_JOB = "20000000003";
const SIZES = { wide: { width: 1_440, height: 900 }, narrow: { width: 400, height: 800 } };

describe.skipIf(!hasBrowser)("in a browser without a network", () => {
  let gateway: TestGateway;
  let browser: Browser;
  beforeAll(async () => {
    gateway = await startGateway({
      upstream: { defaultAuthorization: AUTHORIZATION },
      config: {
        demoJobs: [{ scopeType: "biz", scopeId: "1", jobInstanceId: LIVE_JOB, title: "Running: a job" }],
      },
    });
    browser = await startBrowser(OFFLINE);
  });
  afterAll(async () => {
    await browser.close();
    await gateway.close();
  });

  async function open(path: string, options: OpenPageOptions = {}) {
    const opened = await openPage(browser, new URL(path, gateway.url).href, {
      viewport: SIZES.wide,
      ...options,
    });
    onTestFinished(opened.close);
    return opened;
  }

  describe.each(["light", "dark"] as const)("the start page, %s", (colorScheme) => {
    it.each(["wide", "narrow"] as const)("is accessible and complete (%s)", async (size) => {
      const { page, outside, problems } = await open("/", { colorScheme, viewport: SIZES[size] });
      expect(await page.getByRole("heading", { level: 1 }).textContent()).toContain("bk-job-graphql");
      expect(await violationsOf(page)).toEqual([]);
      const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
      expect(await page.evaluate(overflow)).toBe(0);
      expect([outside, problems]).toEqual([[], []]);
    });
  });

  it("the start page leads to the explorer", async () => {
    const { page } = await open("/");
    await page.getByRole("link", { name: "Explorer" }).click();
    await page.getByRole("button", { name: "Execute query" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/explorer");
  });

  describe("the explorer", () => {
    const openExplorer = async (options: OpenPageOptions = {}) => {
      const opened = await open("/explorer", options);
      // Before, the button does nothing.
      for (const editor of ["query-editor", "response"])
        await opened.page.locator(`.graphiql-${editor} .view-lines`).waitFor({ state: "attached" });
      return opened;
    };
    const run = (page: Page) => page.getByRole("button", { name: "Execute query" }).click();
    /** The editors show spaces as no-break spaces. */
    const textIn = async (page: Page, selector: string) =>
      ((await page.locator(selector).textContent()) ?? "").replaceAll("\u00a0", " ");
    const response = (page: Page) => textIn(page, ".graphiql-response .view-lines");
    const openExample = (page: Page, title: string) => page.getByRole("button", { name: title }).click();
    const setHeaders = (page: Page, headers: Record<string, string>) =>
      page.evaluate(
        `__MONACO.editor.getModels().find(({ uri }) => uri.path.includes("request-headers"))
          .setValue(${JSON.stringify(JSON.stringify(headers))})`,
      );

    it("runs the first example, and requests nothing from elsewhere", async () => {
      const { page, outside, problems } = await openExplorer();
      await run(page);
      await expect.poll(() => response(page)).toContain('"name": "日志清理"');
      expect([outside, problems]).toEqual([[], []]);
    });

    it("runs if the browser blocks storage", async () => {
      const { page, problems } = await openExplorer({ isStorageBlocked: true });
      await run(page);
      await expect.poll(() => response(page)).toContain('"name": "日志清理"');
      expect(problems).toEqual([]);
    });

    it.each(["light", "dark"] as const)("is accessible (%s)", async (colorScheme) => {
      const { page } = await openExplorer({ colorScheme });
      await run(page);
      await expect.poll(() => response(page)).toContain('"name"');
      // GraphiQL's tabs contain their buttons.
      const violations = (await violationsOf(page)).filter(
        (text) => !/^nested-interactive: .*role="tab"/.test(text),
      );
      expect(violations).toEqual([]);
    });

    it("shows the description of every type and field", async () => {
      const { page } = await openExplorer();
      await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
      await page.locator(".graphiql-doc-explorer").getByRole("link", { name: "Query" }).click();
      await expect
        .poll(() => textIn(page, ".graphiql-doc-explorer"))
        .toContain("It costs at most one upstream call");
      await page
        .locator(".graphiql-doc-explorer")
        .getByRole("link", { name: "JobInstanceRef" })
        .first()
        .click();
      await expect
        .poll(() => textIn(page, ".graphiql-doc-explorer"))
        .toContain("ID of the business or business set in CMDB");
    });

    it("completes and validates operations in workers", async () => {
      const { page, problems } = await openExplorer();
      await page.evaluate(
        `__MONACO.editor.getModels().find(({ uri }) => uri.path.includes("operation")).setValue("{ nope }")`,
      );
      const markers = "__MONACO.editor.getModelMarkers({}).map(({ message }) => message).join()";
      await expect.poll(() => page.evaluate(markers)).toContain('Cannot query field "nope"');
      expect(problems).toEqual([]);
    });

    it("opens each example in a tab", async () => {
      const { page } = await openExplorer();
      const tabs = page.locator(".graphiql-tab-button");
      const opened: string[] = [];
      for (const { title, name } of EXAMPLE_OPERATIONS) {
        opened.push(name);
        await openExample(page, title);
        await expect.poll(() => tabs.allTextContents()).toEqual(opened);
      }
      await openExample(page, EXAMPLE_OPERATIONS[1]?.title ?? "");
      await expect
        .poll(() => page.locator(".graphiql-tab-active").textContent())
        .toContain(EXAMPLE_OPERATIONS[1]?.name);
      expect(await tabs.count()).toBe(opened.length);
    });

    it("follows a live job with the credentials of the headers editor, and stores them nowhere", async () => {
      let job: JobPayload = { finished: false, fields: { status: 2, name: "first" }, steps: [stepRow()] };
      scriptJob(gateway.simulator, LIVE_JOB, () => job);
      const { page, outside, problems } = await openExplorer();
      await setHeaders(page, { "X-Bkapi-Authorization": '{"access_token":"mine"}' });
      await openExample(page, "A live job");
      await run(page);
      await expect.poll(() => response(page)).toMatch(/"name": "first",\s+"status": "RUNNING"/);
      job = { finished: false, fields: { status: 2, name: "second" }, steps: [stepRow()] };
      await expect.poll(() => response(page)).toMatch(/"name": "second",\s+"status": "RUNNING"/);
      job = { finished: true, fields: { status: 3, name: "third" }, steps: [stepRow()] };
      await expect.poll(() => response(page)).toMatch(/"name": "third",\s+"status": "SUCCEEDED"/);
      await page.getByRole("button", { name: "Execute query" }).waitFor();

      const calls = gateway.simulator.requests.filter(({ query }) => query.job_instance_id === LIVE_JOB);
      expect(new Set(calls.map(tokenOf))).toEqual(new Set(["mine"]));
      expect(await page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })")).not.toContain(
        "mine",
      );
      expect([outside, problems]).toEqual([[], []]);
    });

    it("shows the error of a rejected subscription", async () => {
      const { page } = await openExplorer();
      await setHeaders(page, { Authorization: "Bearer two tokens" });
      await openExample(page, "A live job");
      await run(page);
      await expect.poll(() => response(page)).toContain('"code": "UNAUTHENTICATED"');
    });
  });

  describe.each(["light", "dark"] as const)("the documentation, %s", (colorScheme) => {
    it.each(["wide", "narrow"] as const)("is accessible and not wider than the window (%s)", async (size) => {
      for (const path of ["/docs", "/docs/configuration"]) {
        const { page, outside, problems } = await open(path, { colorScheme, viewport: SIZES[size] });
        expect(await violationsOf(page)).toEqual([]);
        const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        expect(await page.evaluate(overflow)).toBe(0);
        expect([outside, problems]).toEqual([[], []]);
      }
    });
  });

  describe("the page of Apollo Sandbox", () => {
    it.each(["light", "dark"] as const)("says where the explorer is (%s)", async (colorScheme) => {
      const { page, outside } = await open("/graphql", { colorScheme });
      await page.getByRole("heading", { name: "Apollo Sandbox cannot be loaded" }).waitFor();
      expect(await violationsOf(page)).toEqual([]);
      expect(outside).toEqual([
        "https://embeddable-sandbox.cdn.apollographql.com/v2/embeddable-sandbox.umd.production.min.js",
      ]);
      await page.getByRole("link", { name: "Open the explorer" }).click();
      await page.getByRole("button", { name: "Execute query" }).waitFor();
    });
  });
});
