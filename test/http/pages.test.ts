/** The start page, the explorer and their assets over HTTP. In a browser: test/browser/. */

import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, type TestGateway, useGateway } from "../support/gateway.ts";
import { ROOT } from "../support/readme.ts";

const DEMO_JOBS = [
  { scopeType: "biz", scopeId: "1", jobInstanceId: "20000000003", title: "Running: on <3> hosts" },
];
const HTML = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
const PAGES = ["/", "/explorer", "/graphql", "/docs", "/docs/live"];
const { version } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8"));

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const get = (path: string, headers: Record<string, string> = HTML, init: RequestInit = {}) =>
  fetch(new URL(path, gateway.url), { headers, redirect: "manual", ...init });

/** The URLs of what the page loads. */
const assetsOf = (html: string, path: string): readonly string[] =>
  [...html.matchAll(/(?:src|href)="([^"]*assets\/[^"]+)"/g)].map(
    ([, reference = ""]) => new URL(reference, new URL(path, gateway.url)).pathname,
  );

describe("the start page", () => {
  it("names the version and links to the explorers and the health checks", async () => {
    const response = await get("/");
    const html = await response.text();
    expect([response.status, response.headers.get("content-type")]).toEqual([
      200,
      "text/html; charset=utf-8",
    ]);
    expect(html).toContain(version);
    const links = [...html.matchAll(/<a [^>]*href="([^"]+)"/g)].map(([, href]) => href);
    expect(links).toEqual(["./explorer", "./graphql", "./docs", "./healthz", "./readyz"]);
    for (const link of links) expect((await get(`/${link}`)).status).toBe(200);
    expect(html).not.toContain("<!--");
  });

  it.each(["*/*", "application/json"])("is JSON with the same links for `Accept: %s`", async (accept) => {
    const response = await get("/", { accept });
    expect(response.headers.get("vary")).toBe("accept");
    expect(await response.json()).toEqual({
      name: "bk-job-graphql",
      version,
      upstream: "bk-job",
      jobPage: "./jobs/:scopeType/:scopeId/:jobInstanceId",
      links: {
        graphql: "./graphql",
        stream: "./graphql/stream",
        explorer: "./explorer",
        sandbox: "./graphql",
        docs: "./docs",
        liveness: "./healthz",
        readiness: "./readyz",
      },
      demoJobs: [],
    });
  });

  it("does not name the address of the upstream", async () => {
    const { port } = new URL(gateway.simulator.url);
    for (const headers of [HTML, { accept: "*/*" }])
      expect(await (await get("/", headers)).text()).not.toContain(port);
  });

  it("lists jobs of the simulator, escaped", async () => {
    const { url } = await useGateway({ config: { demoJobs: DEMO_JOBS } });
    const html = await (await fetch(new URL("/", url), { headers: HTML })).text();
    expect(html).toContain("all jobs\n        are simulated");
    expect(html).toContain("20000000003");
    expect(html).toContain("On &lt;3&gt; hosts");
    expect(await (await fetch(new URL("/", url))).json()).toMatchObject({
      upstream: "simulator",
      demoJobs: DEMO_JOBS,
    });
  });
});

describe.each(PAGES)("the page %s", (path) => {
  it("has a strict Content-Security-Policy and other security headers", async () => {
    const { headers } = await get(path);
    const policy = Object.fromEntries(
      (headers.get("content-security-policy") ?? "").split("; ").map((directive) => {
        const [name = "", ...sources] = directive.split(" ");
        return [name, sources.join(" ")];
      }),
    );
    const apollo = "https://embeddable-sandbox.cdn.apollographql.com";
    expect(policy).toEqual({
      "default-src": "'none'",
      "script-src": path === "/graphql" ? `'self' ${apollo}` : "'self'",
      "style-src": path === "/explorer" ? "'self' 'unsafe-inline'" : "'self'",
      "img-src": "'self' data:",
      "font-src": path === "/explorer" ? "'self' data:" : "'self'",
      "connect-src": "'self'",
      "worker-src": "'self'",
      ...(path === "/graphql" && { "frame-src": "https://sandbox.embed.apollographql.com" }),
      "base-uri": "'none'",
      "form-action": "'none'",
      "frame-ancestors": "'none'",
    });
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("cross-origin-opener-policy")).toMatch(/^same-origin/);
  });

  it("has no inline script, style or event handler", async () => {
    const html = await (await get(path)).text();
    expect(html).not.toMatch(/<script(?![^>]* src=")/);
    expect(html).not.toMatch(/<style|<[^>]* style=|<[^>]* on\w+=/);
  });

  it("loads only assets of the package, which browsers cache forever", async () => {
    const assets = assetsOf(await (await get(path)).text(), path);
    expect(assets.length).toBeGreaterThan(1);
    for (const asset of assets) {
      const { status, headers } = await get(asset);
      expect(status).toBe(200);
      expect(headers.get("content-type")).toMatch(
        /^(text\/(javascript|css); charset=utf-8|image\/(svg\+xml|png))$/,
      );
      expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
  });
});

describe("/explorer", () => {
  it("is sent only if it has changed", async () => {
    const { headers } = await get("/explorer");
    const etag = headers.get("etag") ?? "";
    expect(headers.get("cache-control")).toBe("no-cache");
    const again = await get("/explorer", { ...HTML, "if-none-match": etag });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect((await get("/explorer", { ...HTML, "if-none-match": '"other"' })).status).toBe(200);
  });

  it.each([
    ["/explorer/", "../explorer"],
    ["/explorer/?a=1", "../explorer?a=1"],
    ["/graphql/", "../graphql"],
    ["/docs/live/", "../live"],
  ])("%s is redirected to %s, because its references are relative", async (path, location) => {
    const { status, headers } = await get(path);
    expect([status, headers.get("location")]).toEqual([308, location]);
  });

  it("tells the page what the gateway runs on, as an attribute", async () => {
    const { url } = await useGateway({ config: { demoJobs: [] } });
    const html = await (await fetch(new URL("/explorer", url), { headers: HTML })).text();
    expect(html).toContain("&quot;isSimulator&quot;:true");
  });
});

describe("the documentation", () => {
  it("has only links to existing pages, headings and files", async () => {
    const pages = new Map<string, string>();
    const load = async (path: string) => {
      const response = await get(path);
      expect([path, response.status]).toEqual([path, 200]);
      const html = (response.headers.get("content-type") ?? "").startsWith("text/html")
        ? await response.text()
        : "";
      pages.set(path, html);
      return html;
    };
    const linksIn = (html: string, path: string) =>
      [...html.matchAll(/(?:href|src)="([^"]+)"/g)]
        .map(([, reference = ""]) => new URL(reference, new URL(path, gateway.url)))
        .filter(({ origin }) => origin === new URL(gateway.url).origin);
    const waiting = ["/docs"];
    for (const path of waiting) {
      for (const { pathname } of linksIn(await load(path), path))
        if (!waiting.includes(pathname)) waiting.push(pathname);
    }
    expect(waiting.filter((path) => path.startsWith("/docs/")).length).toBeGreaterThan(10);
    expect(waiting.filter((path) => path.endsWith(".png")).length).toBeGreaterThan(0);
    expect(pages.get("/docs")).toContain("<title>Overview – bk-job-graphql</title>");
    for (const [path, html] of pages) {
      for (const { pathname, hash } of linksIn(html, path))
        if (hash)
          expect(pages.get(pathname), `${path} → ${pathname}${hash}`).toContain(`id="${hash.slice(1)}"`);
    }
  });

  it.each(["/docs/nothing", "/docs/..%2fexplorer", "/docs/.."])("does not include %s", async (path) => {
    const { head } = await raw(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    expect(head).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describe("assets", () => {
  const decoders = { gzip: gunzipSync, br: brotliDecompressSync } as const;

  /** As Node.js sends it: fetch would decompress the body. */
  async function scriptOf(path: string, encoding: string) {
    const [script = ""] = assetsOf(await (await get(path)).text(), path).filter((each) =>
      each.endsWith(".js"),
    );
    return raw(
      `GET ${script} HTTP/1.1\r\nhost: x\r\nconnection: close\r\naccept-encoding: ${encoding}\r\n\r\n`,
    );
  }

  it.each(["gzip", "br"] as const)(
    "are sent with %s, compressed when the package was built",
    async (encoding) => {
      const [plain, encoded] = await Promise.all([
        scriptOf("/explorer", "identity"),
        scriptOf("/explorer", encoding),
      ]);
      expect(encoded.head).toMatch(new RegExp(`content-encoding: ${encoding}`, "i"));
      expect(encoded.head).toMatch(/vary: accept-encoding/i);
      expect(plain.head).not.toMatch(/content-encoding/i);
      expect(encoded.body.length).toBeLessThan(plain.body.length / 2);
      expect(decoders[encoding](encoded.body).equals(plain.body)).toBe(true);
    },
  );

  it.each([
    "/assets/",
    "/assets/nothing.js",
    "/assets/explorer.html",
    "/assets/../explorer.html",
    "/assets/..%2fexplorer.html",
    "/assets/..%2f..%2f..%2fpackage.json",
    "/assets/%2e%2e/%2e%2e/package.json",
    "/assets/..%5c..%5cpackage.json",
    "/assets/%00.js",
    "/assets/licenses.txt",
    "/assets//etc/passwd",
  ])("do not include %s", async (path) => {
    const { head } = await raw(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    expect(head).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describe("methods", () => {
  it.each(["/", "/explorer"])("HEAD of %s has the headers without the body", async (path) => {
    const [head, full] = [await get(path, HTML, { method: "HEAD" }), await get(path)];
    expect([head.status, await head.text()]).toEqual([200, ""]);
    for (const name of ["content-type", "content-length", "content-security-policy"])
      expect(head.headers.get(name)).toBe(full.headers.get(name));
  });

  it("HEAD of an asset has its length", async () => {
    const [asset = ""] = assetsOf(await (await get("/explorer")).text(), "/explorer").filter((each) =>
      each.endsWith(".js"),
    );
    const head = await get(asset, { "accept-encoding": "identity" }, { method: "HEAD" });
    expect(Number(head.headers.get("content-length"))).toBeGreaterThan(2 ** 16);
  });

  it.each(["/", "/explorer", "/assets/a.js"])("others are rejected on %s", async (path) => {
    const { status, headers } = await get(path, HTML, { method: "POST", body: "{}" });
    expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});

it("with EXPLORER=false and JOB_PAGE=off there are no pages", async () => {
  const { url } = await useGateway({ config: { explorer: false, jobPage: false } });
  for (const path of ["/", "/jobs/biz/1/2", "/explorer", "/docs", "/docs/live", "/assets/a.js"]) {
    const response = await fetch(new URL(path, url), { headers: HTML });
    expect([response.status, await response.text()]).toEqual([
      404,
      expect.stringContaining("The gateway serves /graphql, /graphql/stream, /healthz, /readyz."),
    ]);
  }
});

it("the package contains the licenses of what its pages contain", () => {
  const licenses = readFileSync(new URL("dist/pages/licenses.txt", ROOT), "utf8");
  for (const name of ["graphiql", "monaco-editor", "react-dom", "graphql-sse", "markdown-it"])
    expect(licenses).toMatch(new RegExp(`^${name} \\d`, "m"));
  expect(licenses).toContain("Permission is hereby granted");
});

/** Sends a request as text, because clients normalize paths. @returns the response to it */
function raw(request: string): Promise<{ readonly head: string; readonly body: Buffer }> {
  const { hostname, port } = new URL(gateway.url);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => socket.write(request));
    socket.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject);
    socket.on("close", () => {
      const response = Buffer.concat(chunks);
      const end = response.indexOf("\r\n\r\n");
      resolve({ head: response.toString("latin1", 0, end), body: response.subarray(end + 4) });
    });
  });
}
