/** A real browser: Debian's Chromium, or the one at CHROMIUM_PATH. */
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { type Browser, chromium } from "playwright-core";
import { listen } from "./listen.ts";

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
  chromium.launch({ executablePath: PATH, args: ARGS, timeout: 100_000 });

export interface Site {
  readonly origin: string;
  readonly close: () => void;
}

/**
 * Pages of another origin on this machine: browsers keep pages from elsewhere away from it. To cookies it is the same
 * site, so they go along wherever that is not forbidden.
 */
export async function serveSite(): Promise<Site> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<p>a page");
  });
  const port = await listen(server);
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { origin: `http://127.0.0.1:${port}`, close };
}
