/** What a page in a browser sees: the explorer, live state with the cookie of a login, and other sites that may not. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hasBrowser, serveOrigin, startBrowser } from "../support/browser.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";

const QUERY = `subscription { jobInstanceUpdated(ref: { scopeId: "1", jobInstanceId: "20000000001" }) {
  ... on JobInstance { status } } }`;
const RESULT = { data: { jobInstanceUpdated: { status: "SUCCEEDED" } } };
const SANDBOX = "https://embeddable-sandbox.cdn.apollographql.com/**";
const OTHER_SITE = "http://other.example.com";

/** In a page: subscribes by EventSource, and gives the names and data of events, or what went wrong. */
const byEvents = ({ url, query }: { url: string; query: string }) =>
  new Promise<string[]>((resolve) => {
    const source = new EventSource(`${url}/stream?query=${encodeURIComponent(query)}`, {
      withCredentials: true,
    });
    const events: string[] = [];
    const end = (last: string) => {
      source.close();
      resolve([...events, last]);
    };
    source.addEventListener("next", (event) => {
      if (event instanceof MessageEvent) events.push(event.data);
    });
    source.addEventListener("complete", () => end("complete"));
    source.addEventListener("error", () => end("error"));
  });

/** In a page: subscribes by WebSocket, and gives messages, or how it was closed. */
const bySocket = ({ url, query }: { url: string; query: string }) =>
  new Promise<string[]>((resolve) => {
    const socket = new WebSocket(url.replace("http", "ws"), "graphql-transport-ws");
    const messages: string[] = [];
    socket.addEventListener("open", () => socket.send('{"type":"connection_init"}'));
    socket.addEventListener("message", ({ data }) => {
      messages.push(data);
      const { type } = JSON.parse(data);
      if (type === "connection_ack") {
        socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query } }));
      }
      if (type === "complete") socket.close();
    });
    socket.addEventListener("close", () => resolve(messages));
  });

describe.skipIf(!hasBrowser)("a browser", () => {
  let gateway: TestGateway;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    gateway = await startGateway({ upstream: { app: { code: "app", secret: "secret" } } });
    browser = await startBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await gateway.close();
  });
  beforeEach(async ({ onTestFinished }) => {
    context = await browser.newContext();
    onTestFinished(() => context.close());
    await context.addCookies([{ name: "bk_token", value: "mine", url: gateway.url }]);
    // What the page loads from elsewhere is not there; what it is set up with is.
    await context.route(SANDBOX, (route) =>
      route.fulfill({
        contentType: "text/javascript",
        body: "window.EmbeddedSandbox = class { constructor(options) { window.sandbox = options; } };",
      }),
    );
    page = await context.newPage();
  });

  const asked = () => ({ url: gateway.url, query: QUERY });

  it("shows the Sandbox, set up for queries and subscriptions", async () => {
    await page.goto(gateway.url);
    expect(await page.evaluate("window.sandbox")).toMatchObject({
      initialEndpoint: gateway.url,
      initialSubscriptionEndpoint: gateway.url.replace("http:", "ws:"),
    });
  });

  it("subscribes with EventSource", async () => {
    await page.goto(gateway.url);
    const [first = "", ...rest] = await page.evaluate(byEvents, asked());
    expect([JSON.parse(first), rest]).toEqual([RESULT, ["complete"]]);
  });

  it("subscribes with WebSocket", async () => {
    await page.goto(gateway.url);
    const messages = await page.evaluate(bySocket, asked());
    expect(messages.map((text) => JSON.parse(text))).toEqual([
      { type: "connection_ack" },
      { id: "1", type: "next", payload: RESULT },
      { id: "1", type: "complete" },
    ]);
  });

  it("does neither for a page of another site", async () => {
    await serveOrigin(context, OTHER_SITE);
    await page.goto(`${OTHER_SITE}/`);
    const calls = gateway.simulator.requests.length;
    expect(await page.evaluate(byEvents, asked())).toEqual(["error"]);
    expect(await page.evaluate(bySocket, asked())).toEqual([]);
    expect(gateway.simulator.requests).toHaveLength(calls);
  });
});
