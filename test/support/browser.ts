/** A real browser: Chromium at CHROMIUM_PATH or `/usr/bin/chromium`. */
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { type Browser, chromium } from "playwright-core";
import { listen } from "./listen.ts";

const PATH = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

/** Browser tests are skipped on machines without a browser. */
export const hasBrowser = existsSync(PATH);

/** No sandbox, because it does not work for root, and no background requests. */
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const startBrowser = (args: readonly string[] = []): Promise<Browser> =>
  chromium.launch({ executablePath: PATH, args: [...ARGS, ...args], timeout: 100_000 });

export interface Site {
  readonly origin: string;
  readonly close: () => void;
}

/**
 * Serves a page of another origin on this machine, because browsers block requests from other sites to local addresses.
 * For cookies it is the same site, so they are sent unless the gateway forbids it.
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
