/** A real browser: Debian's Chromium, or the one at CHROMIUM_PATH. */
import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium } from "playwright-core";

const PATH = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

/** Not every machine has one; the gate does. */
export const hasBrowser = existsSync(PATH);

/** Without a sandbox, as root has none, and without calls home. */
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: PATH, args: ARGS, timeout: 60_000 });

/** Pages of an origin that nobody serves. */
export const serveOrigin = (context: BrowserContext, origin: string) =>
  context.route(`${origin}/**`, (route) => route.fulfill({ contentType: "text/html", body: "<p>a page" }));
