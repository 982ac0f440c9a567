/** A page in Chromium on a machine without a network: only the gateway can be reached. */
import axe from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

export interface WebPage {
  readonly page: Page;
  /** URLs of other hosts that the page requested. */
  readonly outside: readonly string[];
  /** Violations of the Content-Security-Policy, errors on the console, and exceptions. */
  readonly problems: readonly string[];
  readonly close: () => Promise<void>;
}

/** For `startBrowser`: no host name can be resolved, so that nothing but this machine is reachable. */
export const OFFLINE = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"];

export interface OpenPageOptions extends BrowserContextOptions {
  /** As in a browser whose user has blocked site data. */
  readonly isStorageBlocked?: boolean;
}

const BLOCK_STORAGE = `
  const get = () => {
    throw new DOMException("Access is denied for this document.", "SecurityError");
  };
  Object.defineProperties(globalThis, { localStorage: { get }, sessionStorage: { get } });
`;

export async function openPage(
  browser: Browser,
  url: string,
  { isStorageBlocked = false, ...options }: OpenPageOptions = {},
): Promise<WebPage> {
  const context = await browser.newContext(options);
  if (isStorageBlocked) await context.addInitScript(BLOCK_STORAGE);
  const page = await context.newPage();
  const outside: string[] = [];
  const problems: string[] = [];
  const { host } = new URL(url);
  const check = (requested: string) => {
    const { protocol, host: other } = new URL(requested);
    if (other !== host && protocol !== "data:" && protocol !== "blob:") outside.push(requested);
  };
  context.on("request", (request) => check(request.url()));
  page.on("websocket", (socket) => check(socket.url()));
  page.on("console", (message) => {
    if (message.type() === "error" || /Content.Security.Policy/i.test(message.text()))
      problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  await page.goto(url);
  return { page, outside, problems, close: () => context.close() };
}

/** The serious and critical violations of accessibility rules that axe-core finds, with the elements. */
export async function violationsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const found: { id: string; impact: string; nodes: { html: string }[] }[] = await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)",
  );
  return found
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}
