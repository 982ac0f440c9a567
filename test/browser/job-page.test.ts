// biome-ignore-all lint/performance/useDomNodeTextContent: tests read what is visible
/** The job page in Chromium: live jobs, many hosts, outcomes without a job, credentials, languages, accessibility. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { AUTHORIZATION } from "../support/ask.ts";
import { hasBrowser, startBrowser } from "../support/browser.ts";
import {
  LIVE,
  startGateway,
  type TestGateway,
  type TestGatewayOptions,
  useGateway,
} from "../support/gateway.ts";
import { hostRow, jobBody, scriptJob, stepRow } from "../support/job-payload.ts";
import { OFFLINE, type OpenPageOptions, openPage, violationsOf, type WebPage } from "../support/web-page.ts";
import { changingJob, finished, running } from "../watch/run-watch.ts";

/** Without credentials of its own, the page has those of the gateway, as on the simulator. */
const OPTIONS: TestGatewayOptions = {
  upstream: { defaultAuthorization: AUTHORIZATION },
  // As in production, so that pages of one load come from one snapshot.
  config: { snapshots: { maxAgeRunningMs: 1_000, maxAgeFinishedMs: 5_000, maxBytes: 2 ** 28 } },
};

/** A job on 50 000 hosts is read a few times during the test, not as often as possible. */
const SLOW_POLLS = { ...LIVE, scheduleMs: [500] };

/** The upstream's response for a job of one step on 50 000 hosts with the same status. */
const largeJobBody = (id: string, status: number): string => {
  const rows = Array.from({ length: 50_000 }, (_, index) =>
    hostRow(index + 1, { ip: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, status }),
  );
  const step = stepRow({ status: status === 9 ? 3 : 2, step_ip_result_list: rows });
  const fields = { job_instance_id: Number(id), status: status === 9 ? 3 : 2 };
  return JSON.stringify(jobBody({ finished: status === 9, fields, steps: [step] }));
};

/** In the page, before its script: records the number of cells in each painting of the grid, and tasks above 50 ms. */
const RECORD_WORK = `
  const work = { painted: [], longTasks: [] };
  globalThis.work = work;
  const { clearRect, drawImage } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function (...args) {
    work.painted.push(0);
    clearRect.apply(this, args);
  };
  CanvasRenderingContext2D.prototype.drawImage = function (...args) {
    work.painted.push(work.painted.pop() + 1);
    drawImage.apply(this, args);
  };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) work.longTasks.push(Math.round(duration));
  }).observe({ type: "longtask", buffered: true });
`;

/** In the page: scrolls the grid from its start to its end, a part in each frame. */
const SCROLL_THROUGH = `(async () => {
  const grid = document.querySelector("[role=grid]");
  for (let frame = 1; frame <= 60; frame++) {
    await new Promise(requestAnimationFrame);
    grid.scrollTop = (grid.scrollHeight * frame) / 60;
  }
})()`;

/** In the page: the recorded work, and the number of the smallest cells that fit into the visible part of the grid. */
const READ_WORK = `(() => {
  const { clientWidth, clientHeight } = document.querySelector("[role=grid]");
  return { ...work, visible: Math.ceil(clientWidth / 12) * (Math.ceil(clientHeight / 12) + 1) };
})()`;

interface Work {
  readonly painted: readonly number[];
  readonly longTasks: readonly number[];
  readonly visible: number;
}

describe.skipIf(!hasBrowser)("the job page", () => {
  let gateway: TestGateway;
  let browser: Browser;
  beforeAll(async () => {
    [gateway, browser] = await Promise.all([startGateway(OPTIONS), startBrowser(OFFLINE)]);
  });
  afterAll(() => Promise.all([browser.close(), gateway.close()]));

  interface OpenOptions extends OpenPageOptions {
    readonly at?: TestGateway;
    readonly scope?: string;
  }

  /** Opens the page of a job. At the end of the test it must have caused no problem and no request to another host. */
  const open = async (id: string, { at = gateway, scope = "biz/1", ...options }: OpenOptions = {}) => {
    const url = new URL(`/jobs/${scope}/${id}`, at.url).href;
    const opened = await openPage(browser, url, { locale: "en-US", ...options });
    onTestFinished(async () => {
      await opened.close();
      expect(opened.outside).toEqual([]);
    });
    return opened;
  };

  const textOf = (page: Page, selector: string) => page.locator(selector).first().innerText();
  const hosts = (page: Page) => page.getByRole("grid");
  const cell = (page: Page) => page.getByRole("gridcell");
  const shows = ({ page }: WebPage, text: string | RegExp) =>
    expect.poll(() => page.locator("body").innerText()).toMatch(text);

  it("shows a job live to its end", async () => {
    const job = changingJob(gateway, "36000000001", running({ hosts: [5, 7] }));
    const opened = await open(job.id);
    const { page } = opened;
    await shows(opened, /部署.*Running.*Live.*安装.*0 of 2 finished/s);
    await expect.poll(() => page.title()).toBe("部署 · BlueKing Job");
    await hosts(page).focus();
    await page.keyboard.press("Home");
    await expect.poll(() => cell(page).innerText()).toBe("10.0.0.1, Waiting");

    job.become(running({ hosts: [9, 104], hostFields: { exit_code: 7, tag: "disk" } }));
    await shows(opened, /2 of 2 finished.*1 failed/s);
    await expect.poll(() => cell(page).innerText()).toBe("10.0.0.1, Succeeded, Tag disk, Exit code 7");
    await shows(opened, /Failed hosts.*10\.0\.0\.2\s+Script exited non-zero\s+disk\s+7/s);

    job.become(finished({ hosts: [9, 104], status: 4, stepFields: { status: 4 } }));
    await shows(opened, /Failed.*Check again.*1m 5s/s);
    await expect.poll(() => textOf(page, "[role=status]")).toMatch(/^部署: Failed\. 安装: Failed$/);
    expect(await page.getByText("Live").count()).toBe(0);
    expect(opened.problems).toEqual([]);
  });

  it("shows a retry of a finished job on demand", async () => {
    const job = changingJob(gateway, "36000000002", finished({ hosts: [9] }));
    const opened = await open(job.id);
    await shows(opened, "Check again");
    job.become(running({ hosts: [7], stepFields: { execute_count: 1 } }));
    const { page } = opened;
    await expect
      .poll(async () => {
        const again = page.getByRole("button", { name: "Check again" });
        if (await again.isVisible()) await again.click();
        return page.locator("body").innerText();
      })
      .toMatch(/Live.*1 retry/s);
  });

  it("opens the step that needs attention, and another one on demand", async () => {
    const opened = await open("20000000004");
    const { page } = opened;
    await shows(opened, "A manual confirmation runs on no hosts.");
    const steps = page.getByRole("navigation", { name: "Steps" }).getByRole("button");
    await expect.poll(() => steps.nth(1).getAttribute("aria-current")).toBe("step");
    await steps.nth(0).click();
    await expect.poll(() => hosts(page).count()).toBe(1);
    await steps.nth(2).click();
    await shows(opened, "This step has not started: it has no hosts yet.");
  });

  it("says that a job has no steps", async () => {
    const job = changingJob(gateway, "36000000011", { finished: true });
    await shows(await open(job.id), "This job has no steps.");
  });

  it("links to the pages of BlueKing Job if the gateway knows where they are", async () => {
    const jobSiteUrl = new URL("https://job.example.com");
    const at = await useGateway({ ...OPTIONS, config: { ...OPTIONS.config, jobSiteUrl } });
    const { page } = await open("20000000002", { at });
    const links = page.getByRole("link", { name: "Open in BlueKing Job" });
    await expect.poll(() => links.count()).toBe(2);
    expect(await links.nth(0).getAttribute("href")).toContain(
      "https://job.example.com/api_execute/20000000002",
    );
  });

  describe("the hosts of a step", () => {
    const openFailed = async () => {
      const opened = await open("20000000002");
      await shows(opened, "10.0.0.31");
      return opened;
    };
    const rowsOf = (page: Page) => page.locator("tbody th[scope=row] code").allInnerTexts();
    const shownCount = (page: Page) => textOf(page, ".shown");

    it("are filtered by group", async () => {
      const { page } = await openFailed();
      const group = page.getByRole("button", { name: /Script exited non-zero\s+disk full\s+3/ });
      await group.click();
      await expect.poll(() => rowsOf(page)).toEqual(["10.0.0.23", "10.0.0.24", "10.0.0.25"]);
      await expect.poll(() => shownCount(page)).toBe("3 hosts");
      expect(await group.getAttribute("aria-pressed")).toBe("true");
      await group.click();
      await expect.poll(() => rowsOf(page)).toHaveLength(9);
    });

    it("are filtered by status and by address", async () => {
      const { page } = await openFailed();
      await page
        .getByRole("button", { name: /^Succeeded\s+3$/ })
        .first()
        .click();
      await expect.poll(() => rowsOf(page)).toHaveLength(3);
      await page.getByRole("searchbox").fill("0.0.21");
      await expect.poll(() => rowsOf(page)).toEqual(["10.0.0.21"]);
      await expect.poll(() => shownCount(page)).toBe("1 host");
      await page.getByRole("searchbox").fill("192");
      await expect.poll(() => page.getByText("No host matches the filter.").count()).toBe(2);
      await page.getByRole("button", { name: "Clear filter" }).click();
      await expect.poll(() => shownCount(page)).toBe("12 hosts");
    });

    it("are ordered by a column", async () => {
      const { page } = await openFailed();
      const header = page.getByRole("columnheader", { name: "Exit code" });
      await header.getByRole("button").click();
      await header.getByRole("button").click();
      await expect.poll(() => header.getAttribute("aria-sort")).toBe("descending");
      await expect.poll(async () => (await rowsOf(page))[0]).toBe("10.0.0.28");
    });

    it("are in pages", async () => {
      const rows = Array.from({ length: 50 }, (_, index) =>
        hostRow(index + 1, { ip: `10.1.0.${index}`, status: 11 }),
      );
      scriptJob(gateway.simulator, "36000000003", {
        finished: true,
        fields: { status: 4 },
        steps: [stepRow({ status: 4, step_ip_result_list: rows })],
      });
      const opened = await open("36000000003");
      const { page } = opened;
      await shows(opened, "1–20 of 50");
      await page.getByRole("button", { name: "Next page" }).click();
      await shows(opened, "21–40 of 50");
      await page.getByRole("button", { name: "Next page" }).click();
      await shows(opened, "41–50 of 50");
      expect(await page.getByRole("button", { name: "Next page" }).isDisabled()).toBe(true);
      await page.getByRole("button", { name: "Previous page" }).click();
      await shows(opened, "21–40 of 50");
    });

    it("are reached by keys, and described", async () => {
      const { page } = await openFailed();
      await hosts(page).focus();
      await page.keyboard.press("End");
      await expect.poll(() => cell(page).innerText()).toBe("10.0.0.31, Agent abnormal, Exit code 0");
      await expect.poll(() => textOf(page, ".tooltip")).toMatch(/10\.0\.0\.31\s+Agent abnormal/);
      await page.keyboard.press("ArrowLeft");
      await expect.poll(() => cell(page).innerText()).toBe("10.0.0.30, Dispatch failed, Exit code 0");
      const active = await hosts(page).getAttribute("aria-activedescendant");
      expect(await cell(page).getAttribute("id")).toBe(active);
      await page.keyboard.press("Escape");
      await expect.poll(() => page.locator(".tooltip").count()).toBe(0);
    });

    it("are described under the pointer", async () => {
      const { page } = await openFailed();
      await page.locator(".grid-canvas").hover({ position: { x: 3 * 30 + 14, y: 14 } });
      await expect
        .poll(() => textOf(page, ".tooltip"))
        .toMatch(/10\.0\.0\.23.*Tag: disk full.*Exit code: 1/s);
      await page.mouse.move(0, 0);
      await expect.poll(() => page.locator(".tooltip").count()).toBe(0);
    });

    it("can be copied", async () => {
      const { page } = await openFailed();
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      await page.getByRole("button", { name: /disk full/ }).click();
      await expect.poll(() => shownCount(page)).toBe("3 hosts");
      await page.getByRole("button", { name: "Copy IPs" }).click();
      await expect.poll(() => page.getByText("3 addresses copied").count()).toBe(1);
      expect(await page.evaluate("navigator.clipboard.readText()")).toBe("10.0.0.23\n10.0.0.24\n10.0.0.25");
    });
  });

  it("shows 50 000 hosts with work in proportion to the window while they change", async (test) => {
    const id = "36000000050";
    const at = await useGateway({ ...OPTIONS, config: { ...OPTIONS.config, live: SLOW_POLLS } });
    let isDone = false;
    const bodies = [7, 9].map((status) => largeJobBody(id, status));
    at.simulator.script(id, ({ query }) => {
      if (query.return_ip_result !== "true") return undefined;
      const body = bodies[isDone ? 1 : 0] ?? "";
      return { kind: "raw", status: 200, headers: { "content-type": "application/json" }, body };
    });
    const opened = await openPage(browser, "about:blank", { viewport: { width: 1400, height: 900 } });
    onTestFinished(opened.close);
    const { page } = opened;
    await page.addInitScript({ content: RECORD_WORK });
    await page.goto(new URL(`/jobs/biz/1/${id}`, at.url).href);
    await shows(opened, /50,000 hosts/);
    await expect.poll(() => page.getByText(/Loading hosts/).count()).toBe(0);
    expect((await page.getByRole("grid").getAttribute("aria-rowcount")) ?? "").not.toBe("0");

    // Scrolls frame by frame while all hosts change.
    isDone = true;
    await page.evaluate(SCROLL_THROUGH);
    await shows(opened, /50,000 of 50,000 finished/);
    await hosts(page).focus();
    await page.keyboard.press("Control+End");
    await expect.poll(() => cell(page).innerText()).toMatch(/^10\.\d+\.\d+\.\d+, Succeeded/);

    const { painted, longTasks, visible }: Work = await page.evaluate(READ_WORK);
    expect(painted.length).toBeGreaterThan(10);
    expect(Math.max(...painted)).toBeGreaterThan(0);
    expect(Math.max(...painted)).toBeLessThanOrEqual(visible);
    await test.annotate(
      `${painted.length} paintings of at most ${Math.max(...painted)} cells; tasks above 50 ms: ${longTasks.join(", ") || "none"}`,
    );
  });

  describe("without a job", () => {
    it("shows what to apply for if the user has no permission", async () => {
      const opened = await open("20000000403");
      await shows(
        opened,
        /no permission.*作业平台 \(bk_job\).*业务访问 \(access_business\).*blueking \(1\)/s,
      );
      expect(opened.problems).toEqual([]);
    });

    it("forgets a job whose permission is withdrawn", async () => {
      const job = changingJob(gateway, "36000000004", running({ name: "秘密", hosts: [7] }));
      const opened = await open(job.id);
      await shows(opened, "秘密");
      gateway.simulator.script(job.id, () => ({
        kind: "json",
        status: 403,
        body: { error: { code: "NO_PERMISSION", message: "权限不足" } },
      }));
      await shows(opened, /no permission.*权限不足/s);
      expect(await opened.page.getByText("秘密").count()).toBe(0);
    });

    it("says that there is no such job", async () => {
      await shows(await open("20000000404"), /no such job.*Business 1 has no job instance 20000000404/s);
    });

    it.each(["12a", "0", "9223372036854775808", "%3Cb%3E"])(
      "says that %s is no id, with HTTP 404",
      async (id) => {
        const { status } = await fetch(new URL(`/jobs/biz/1/${id}`, gateway.url));
        expect(status).toBe(404);
        await shows(await open(id), "This is not the address of a job");
      },
    );

    it("shows an error that reconnecting does not help, with its code", async () => {
      await shows(await open("20000090301"), /could not be read.*UPSTREAM_CONTRACT/s);
    });
  });

  describe("credentials", () => {
    const seenBy = (at: TestGateway) =>
      at.simulator.requests.map(({ headers }) => headers["x-bkapi-authorization"] ?? "none");

    it("are the login cookie of the user, if the gateway has an app", async () => {
      const at = await useGateway({ upstream: { app: { code: "app", secret: "hunter2" } } });
      const opened = await open("20000000404", { at });
      await shows(opened, "Sign in");
      await opened.page.context().addCookies([{ name: "bk_token", value: "mine", url: at.url }]);
      await opened.page.getByRole("button", { name: "Check again" }).click();
      await shows(opened, "no such job");
      expect(seenBy(at).at(-1)).toContain('"bk_token":"mine"');
    });

    it("are an access token that the user enters, which is never in a URL or in a storage", async () => {
      const at = await useGateway();
      const opened = await open("20000000002", { at });
      const { page } = opened;
      const urls: string[] = [];
      page.on("request", (request) => urls.push(request.url()));
      await page.getByLabel("Access token").fill("hunter2");
      await page.getByRole("button", { name: "Continue" }).click();
      await shows(opened, "日志清理");
      expect(seenBy(at).at(-1)).toBe('{"access_token":"hunter2"}');
      expect([...urls, page.url()].filter((url) => url.includes("hunter2"))).toEqual([]);
      expect(await page.evaluate("JSON.stringify([localStorage, sessionStorage])")).not.toContain("hunter2");
      await page.getByRole("button", { name: "Forget token" }).click();
      await shows(opened, "Sign in");
    });

    it("are kept for the tab if the user wishes", async () => {
      const at = await useGateway();
      const opened = await open("20000000002", { at });
      const { page } = opened;
      await page.getByLabel("Access token").fill("mine");
      await page.getByLabel("Keep until this tab is closed").check();
      await page.getByRole("button", { name: "Continue" }).click();
      await shows(opened, "日志清理");
      await page.reload();
      await shows(opened, "日志清理");
    });

    it("stay in memory if the browser blocks storage", async () => {
      const at = await useGateway();
      const opened = await open("20000000002", { at, isStorageBlocked: true });
      const { page } = opened;
      await page.getByLabel("Access token").fill("mine");
      await page.getByLabel("Keep until this tab is closed").check();
      await page.getByRole("button", { name: "Continue" }).click();
      await shows(opened, "日志清理");
      expect(opened.problems).toEqual([]);
    });

    it("are not sent if a header cannot contain them", async () => {
      const at = await useGateway();
      const { page } = await open("20000000002", { at });
      const token = page.getByLabel("Access token");
      await token.fill("two words");
      await page.getByLabel("Tenant ID").fill("租户");
      await page.getByRole("button", { name: "Continue" }).click();
      const invalid = page.locator("input:invalid");
      expect(await invalid.count()).toBe(2);
      await expect
        .poll(() => invalid.first().evaluate("document.activeElement.title"))
        .toMatch(/without spaces/);
      await token.fill("one-word");
      expect(await invalid.count()).toBe(1);
    });
  });

  it("reconnects after the gateway has restarted, and shows the last state until then", async () => {
    const first = await startGateway(OPTIONS);
    const job = changingJob(first, "36000000005", running({ hosts: [7] }));
    const opened = await open(job.id, { at: first });
    await shows(opened, "Live");
    await first.close();
    await shows(opened, /Connection lost.*last known state.*部署/s);
    await expect.poll(() => textOf(opened.page, "[role=status]")).toContain("Connection lost");

    const port = Number(new URL(first.url).port);
    const second = await useGateway({ ...OPTIONS, config: { ...OPTIONS.config, port } });
    changingJob(second, job.id, finished({ hosts: [9] }));
    const retry = opened.page.getByRole("button", { name: "Try now" });
    if (await retry.isVisible()) await retry.click().catch(() => {});
    await shows(opened, /部署.*Succeeded.*Check again/s);
    expect(await opened.page.getByText("Connection lost").count()).toBe(0);
  });

  describe("languages", () => {
    it.each([
      ["zh-CN", "", /蓝鲸作业平台.*执行失败.*步骤.*失败主机.*返回码/s],
      ["en-US", "?lang=zh", /执行失败/],
      ["zh-CN", "?lang=en", /Failed hosts/],
      ["fr-FR", "", /Failed hosts/],
    ])("follow the browser (%s) and the parameter %j", async (locale, search, text) => {
      const opened = await open(`20000000002${search}`, { locale });
      await shows(opened, text);
    });

    it("can be switched, with the messages of the upstream", async () => {
      const opened = await open("20000000404");
      const { page } = opened;
      await shows(opened, "Job instance does not exist");
      await page.getByRole("combobox", { name: "Language" }).selectOption("zh");
      await shows(opened, /作业不存在.*重新查询/s);
      expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
      expect(new URL(page.url()).search).toBe("?lang=zh");
      await page.reload();
      await shows(opened, /作业不存在.*重新查询/s);
    });
  });

  describe("accessibility", () => {
    it.each([
      ["a failed job", "20000000002", "10.0.0.31", {}],
      ["a failed job, dark", "20000000002", "10.0.0.31", { colorScheme: "dark" }],
      [
        "a running job, narrow",
        "20000000008",
        "File transfer failed",
        { viewport: { width: 390, height: 844 } },
      ],
      ["no permission", "20000000403", "no permission", {}],
      ["missing credentials", "20000090101", "Sign in", {}],
      ["missing credentials, dark", "20000090101", "Sign in", { colorScheme: "dark" }],
    ] as const)("has no serious violation: %s", async (_, id, text, options) => {
      const opened = await open(id, options);
      await shows(opened, text);
      expect(await violationsOf(opened.page)).toEqual([]);
    });
  });

  describe("its route", () => {
    const statusOf = async (at: TestGateway, path: string) => (await fetch(new URL(path, at.url))).status;

    it("does not exist with JOB_PAGE=off", async () => {
      const at = await useGateway({ config: { jobPage: false } });
      expect(await statusOf(at, "/jobs/biz/1/2")).toBe(404);
    });

    it("exists with EXPLORER=false, with its assets", async () => {
      const at = await useGateway({ ...OPTIONS, config: { ...OPTIONS.config, explorer: false } });
      expect(await statusOf(at, "/explorer")).toBe(404);
      await shows(await open("20000000002", { at }), "日志清理");
    });
  });
});
