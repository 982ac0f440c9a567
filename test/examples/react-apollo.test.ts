// biome-ignore-all lint/performance/useDomNodeTextContent: tests read what is visible
/** The page with React and Apollo Client in Chromium: a live job, its failed hosts, outcomes, errors and lost connections. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { UNAVAILABLE } from "../live/live-job.ts";
import { hasBrowser, startBrowser } from "../support/browser.ts";
import { useCutLink } from "../support/cut-link.ts";
import {
  buildExample,
  installExample,
  type RunningExample,
  removeExample,
  startExample,
} from "../support/example.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { jobResponse } from "../support/job-payload.ts";
import { useSwitchingProxy } from "../support/switching-proxy.ts";
import { OFFLINE, openPage, violationsOf, type WebPage } from "../support/web-page.ts";
import { changingJob, finished, running } from "../watch/run-watch.ts";

const AUTHORIZATION = '{"access_token":"of-the-proxy"}';
const JOB = "36000000001";

/** Statuses of hosts. */
const WAITING = 5;
const NON_ZERO_EXIT = 104;

const FAILED = finished({
  status: 4,
  stepFields: { status: 4 },
  hosts: Array.from({ length: 45 }, () => NON_ZERO_EXIT),
  hostFields: { exit_code: 7, tag: "disk full" },
});

describe.skipIf(!hasBrowser)("the page with React and Apollo Client", () => {
  let folder: string;
  let browser: Browser;
  let gateway: TestGateway;
  let site: RunningExample;

  /** Serves the page, with a proxy to a gateway. */
  const serve = (gatewayUrl: string): Promise<RunningExample> =>
    startExample(folder, {
      script: "preview",
      args: ["--host", "127.0.0.1", "--port", "0"],
      environment: { GATEWAY_URL: gatewayUrl, BK_JOB_AUTHORIZATION: AUTHORIZATION },
    });

  beforeAll(async () => {
    folder = installExample("react-apollo");
    [browser, gateway] = await Promise.all([startBrowser(OFFLINE), startGateway(), buildExample(folder)]);
    site = await serve(gateway.url);
  });
  afterAll(async () => {
    await Promise.all([site.stop(), browser.close()]);
    await gateway.close();
    removeExample(folder);
  });

  const open = async (id: string, { url } = site): Promise<WebPage> => {
    const opened = await openPage(browser, new URL(`/?scopeId=1&jobInstanceId=${id}`, url).href);
    onTestFinished(async () => {
      await opened.close();
      expect(opened.outside).toEqual([]);
    });
    return opened;
  };
  const textOf = (page: Page) => page.locator("main").innerText();
  const shows = ({ page }: WebPage, text: string | RegExp) => expect.poll(() => textOf(page)).toMatch(text);
  const rows = (page: Page) => page.locator("tbody tr");
  const click = (page: Page, name: string) => page.getByRole("button", { name }).click();

  it("shows a job live, and its failed hosts page by page with messages and exit codes", async () => {
    const job = changingJob(gateway, JOB, running({ hosts: [WAITING] }));
    const opened = await open(job.id);
    const { page } = opened;
    await shows(opened, /部署\s+Running · Live\s+.*安装 Running/s);
    await click(page, "Failed hosts");
    await shows(opened, "No host has failed.");

    job.become(FAILED);
    await shows(
      opened,
      /部署\s+Failed · Not updated any more.*45 × Script non zero exit, disk full, exit code 7/s,
    );
    await shows(opened, "20 of 45 failed hosts");
    expect(await rows(page).first().innerText()).toMatch(
      /^10\.0\.0\.\d+\s+Script non zero exit\s+disk full\s+7$/,
    );
    await click(page, "More");
    await expect.poll(() => rows(page).count()).toBe(40);
    await click(page, "More");
    await expect.poll(() => rows(page).count()).toBe(45);
    expect(await page.getByRole("button", { name: "More" }).count()).toBe(0);
    expect(new Set(await rows(page).allInnerTexts())).toHaveLength(45);

    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violationsOf(page)).toEqual([]);
    }
    expect(opened.problems).toEqual([]);
  });

  it("shows a retry of a finished job on demand", async () => {
    const job = changingJob(gateway, JOB, FAILED);
    const opened = await open(job.id);
    await shows(opened, "Not updated any more");
    job.become(running({ stepFields: { execute_count: 1 } }));
    await click(opened.page, "Check again");
    await shows(opened, /Running · Live.*\(retry 1\)/s);
  });

  it("sends the credentials of the proxy, which the page does not have", async () => {
    changingJob(gateway, JOB, FAILED);
    const { length } = gateway.simulator.requests;
    await shows(await open(JOB), "20 of 45 failed hosts");
    const sent = gateway.simulator.requests
      .slice(length)
      .map(({ headers }) => headers["x-bkapi-authorization"]);
    expect(new Set(sent)).toEqual(new Set([AUTHORIZATION]));
  });

  it("continues after a restart of the gateway", async () => {
    const proxy = await useSwitchingProxy({ onTestFinished });
    const first = await proxy.start();
    const own = await serve(first.url);
    onTestFinished(async () => void (await own.stop()));
    changingJob(first, JOB, running());
    const opened = await open(JOB, own);
    await shows(opened, "Running · Live");
    await first.stop();
    // What the page knows stays visible.
    await shows(opened, "Running · Connection lost. Reconnecting…");
    const second = await proxy.start();
    onTestFinished(second.stop);
    const job = changingJob(second, JOB, running());
    await shows(opened, "Running · Live");
    job.become(finished());
    await shows(opened, "Succeeded");
  });

  it("notices a connection that breaks", async () => {
    const link = await useCutLink(Number(new URL(gateway.url).port));
    const own = await serve(`http://127.0.0.1:${link.port}/graphql`);
    onTestFinished(async () => void (await own.stop()));
    changingJob(gateway, JOB, running());
    const opened = await open(JOB, own);
    await shows(opened, "Running · Live");
    link.cut();
    await shows(opened, "Connection lost");
    link.mend();
    await shows(opened, "Running · Live");
  });

  it("shows what it knows while the job can neither be followed nor read", async () => {
    const link = await useCutLink(Number(new URL(gateway.url).port));
    const own = await serve(`http://127.0.0.1:${link.port}/graphql`);
    onTestFinished(async () => void (await own.stop()));
    changingJob(gateway, JOB, running());
    const { page } = await open("20000000404", own);
    await page.clock.install();
    let failedReads = 0;
    await page.route("**/graphql", (route, request) => {
      if (request.headers().accept?.includes("subscriptionSpec")) return route.fallback();
      failedReads += 1;
      return route.fulfill({ status: 502 });
    });
    await page.goto(page.url().replace("20000000404", JOB));
    // Only the subscription has brought the job.
    await expect.poll(() => textOf(page)).toMatch(/部署\s+Running · Live/);
    link.cut();
    await expect
      .poll(async () => {
        await page.clock.runFor(1_000);
        return failedReads;
      })
      .toBeGreaterThan(2);
    expect(await textOf(page)).toMatch(/部署\s+Running · Connection lost/);
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  it("polls while it cannot subscribe", async () => {
    const job = changingJob(gateway, JOB, running());
    const { page } = await open("20000000404");
    await page.clock.install();
    await page.route("**/graphql", (route, request) =>
      request.headers().accept?.includes("subscriptionSpec") ? route.abort() : route.fallback(),
    );
    await page.goto(page.url().replace("20000000404", job.id));
    await expect.poll(() => textOf(page)).toContain("Running · Connection lost");
    job.become(finished());
    await expect
      .poll(async () => {
        await page.clock.runFor(1_000);
        return textOf(page);
      })
      .toContain("Succeeded");
  });

  it("shows what to apply for if the user may not view the job", async () => {
    const opened = await open("20000000403");
    await shows(opened, /Apply for these permissions in .+:\s+\S+/);
    expect(await violationsOf(opened.page)).toEqual([]);
  });

  it("shows that there is no such job", async () => {
    const { page } = await open("20000000404");
    await expect.poll(() => page.getByRole("alert").innerText()).toMatch(/\S/);
    expect(await page.getByRole("button").count()).toBe(1);
  });

  const succeeded = () => jobResponse({ fields: { name: "部署", job_instance_id: Number(JOB) } });

  it("shows an error until the job can be read", async () => {
    gateway.simulator.script(JOB, () => UNAVAILABLE);
    const opened = await open(JOB);
    await shows(opened, /Not available: .+\s+Try again/);
    expect(await violationsOf(opened.page)).toEqual([]);
    gateway.simulator.script(JOB, succeeded);
    await shows(opened, /部署\s+Succeeded/);
    expect(await opened.page.getByRole("alert").count()).toBe(0);
  });

  it("asks to log in again if the credentials are rejected, and then reads the job on demand", async () => {
    gateway.simulator.script(JOB, () => ({
      kind: "json",
      status: 401,
      body: { error: { code: "UNAUTHENTICATED", message: "用户未认证" } },
    }));
    const opened = await open(JOB);
    await shows(opened, "Log in again.");
    gateway.simulator.script(JOB, succeeded);
    await click(opened.page, "Try again");
    await shows(opened, /部署\s+Succeeded/);
  });
});
