/** Pages in a browser: the explorer, live state with the login cookie, and other origins. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SAMPLE_QUERY } from "../../src/model/example-operations.ts";
import { createLiveJob, finished, JOB } from "../live/live-job.ts";
import { AUTHORIZATION, jobQuery, jobSubscription, onJob } from "../support/ask.ts";
import { hasBrowser, type Site, serveSite, startBrowser } from "../support/browser.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";

const QUERY = jobSubscription("20000000001", onJob("status"));
const WATCH = jobSubscription(JOB, onJob("status"));
const RESULT = { data: { jobInstanceUpdated: { status: "SUCCEEDED" } } };
const SANDBOX = "https://embeddable-sandbox.cdn.apollographql.com/**";

/** In a page: subscribes with EventSource. @returns the data of events, then the last event or an error. */
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

/** In a page: subscribes with EventSource, which reconnects after an error. @returns the statuses. */
const byReconnectingEvents = ({ url, query }: { url: string; query: string }) =>
  new Promise<string[]>((resolve) => {
    const source = new EventSource(`${url}/stream?query=${encodeURIComponent(query)}`);
    const statuses: string[] = [];
    source.addEventListener("next", (event) => {
      if (event instanceof MessageEvent) {
        const { status } = JSON.parse(event.data).data.jobInstanceUpdated;
        if (status !== statuses.at(-1)) statuses.push(status);
      }
    });
    source.addEventListener("complete", () => {
      source.close();
      resolve(statuses);
    });
  });

/** In a page: subscribes with WebSocket. @returns the messages. */
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

/** In a page: sends an operation with credentials in a header. @returns what the page can read of the response. */
const byFetch = async ({ url, query, accept }: { url: string; query: string; accept: string }) => {
  try {
    const response = await fetch(url, {
      method: "POST",
      credentials: "include",
      headers: {
        accept,
        "content-type": "application/json",
        "cache-control": "no-cache",
        "x-bkapi-authorization": '{"access_token":"mine"}',
      },
      body: JSON.stringify({ query }),
    });
    return [response.status, response.headers.has("x-request-id"), await response.text()];
  } catch {
    return "blocked by the browser";
  }
};

describe.skipIf(!hasBrowser)("a browser", () => {
  let allowedSite: Site;
  let otherSite: Site;
  let gateway: TestGateway;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    [allowedSite, otherSite] = await Promise.all([serveSite(), serveSite()]);
    gateway = await startGateway({
      config: { allowedOrigins: [allowedSite.origin] },
      upstream: { app: { code: "app", secret: "secret" } },
    });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await gateway.close();
    allowedSite.close();
    otherSite.close();
  });
  beforeEach(async ({ onTestFinished }) => {
    context = await browser.newContext();
    onTestFinished(() => context.close());
    await context.addCookies([{ name: "bk_token", value: "mine", url: gateway.url }]);
    page = await context.newPage();
  });

  const openGateway = async (url = gateway.url) => {
    // Replaces the script from the CDN and exposes its options.
    await page.route(SANDBOX, (route) =>
      route.fulfill({
        contentType: "text/javascript",
        body: "window.EmbeddedSandbox = class { constructor(options) { window.sandbox = options; } };",
      }),
    );
    await page.goto(url);
    await expect.poll(() => page.evaluate("Boolean(window.sandbox)")).toBe(true);
  };

  const subscription = () => ({ url: gateway.url, query: QUERY });

  it("shows the Sandbox, configured for queries and subscriptions", async () => {
    await openGateway();
    expect(await page.evaluate("window.sandbox")).toMatchObject({
      initialEndpoint: gateway.url,
      initialSubscriptionEndpoint: gateway.url.replace("http:", "ws:"),
      initialState: { document: expect.stringContaining(SAMPLE_QUERY) },
      runTelemetry: false,
    });
  });

  it("subscribes with EventSource", async () => {
    await openGateway();
    const [first = "", ...rest] = await page.evaluate(byEvents, subscription());
    expect([JSON.parse(first), rest]).toEqual([RESULT, ["complete"]]);
  });

  it("subscribes with WebSocket", async () => {
    await openGateway();
    const messages = await page.evaluate(bySocket, subscription());
    expect(messages.map((text) => JSON.parse(text))).toEqual([
      { type: "connection_ack" },
      { id: "1", type: "next", payload: RESULT },
      { id: "1", type: "complete" },
    ]);
  });

  const QUERY_HOSTS = jobQuery("20000000001");
  const operationAt = (path: string, accept: string) => ({
    url: gateway.url + path,
    query: path === "" ? QUERY_HOSTS : QUERY,
    accept,
  });

  // No routes here, because Playwright would answer preflights itself.
  it("allows all transports for a page of an allowed origin", async () => {
    await page.goto(allowedSite.origin);
    expect(await page.evaluate(byFetch, operationAt("", "application/json"))).toEqual([
      200,
      true,
      expect.stringContaining('"__typename":"JobInstance"'),
    ]);
    expect(await page.evaluate(byFetch, operationAt("/stream", "text/event-stream"))).toEqual([
      200,
      true,
      expect.stringContaining(JSON.stringify(RESULT)),
    ]);
    const [first = "", ...rest] = await page.evaluate(byEvents, subscription());
    expect([JSON.parse(first), rest]).toEqual([RESULT, ["complete"]]);
    expect(await page.evaluate(bySocket, subscription())).toHaveLength(3);
  });

  it("blocks all transports for a page of another origin", async () => {
    await page.goto(otherSite.origin);
    const calls = gateway.simulator.requests.length;
    for (const request of [
      operationAt("", "application/json"),
      operationAt("/stream", "text/event-stream"),
    ]) {
      expect(await page.evaluate(byFetch, request)).toBe("blocked by the browser");
    }
    expect(await page.evaluate(byEvents, subscription())).toEqual(["error"]);
    expect(await page.evaluate(bySocket, subscription())).toEqual([]);
    expect(gateway.simulator.requests).toHaveLength(calls);
  });

  it("follows a job with EventSource across a restart of the gateway", async () => {
    const job = createLiveJob(gateway);
    const baseUrl = new URL(gateway.simulator.url);
    const options = { upstream: { baseUrl, defaultAuthorization: AUTHORIZATION } };
    const first = await startGateway(options);
    await openGateway(first.url);
    const watch = { url: first.url, query: WATCH };
    const seen = page.evaluate(byReconnectingEvents, watch);
    await expect.poll(() => job.calls().length).toBeGreaterThan(2);
    await first.close();
    const second = await startGateway({ ...options, config: { port: Number(new URL(first.url).port) } });
    job.become(finished);
    expect(await seen).toEqual(["RUNNING", "SUCCEEDED"]);
    await second.close();
  });
});
