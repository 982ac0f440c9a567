/** The configuration of nginx in docs/deployment.md serves queries and subscriptions, and avoids an instance that drains. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { AUTHORIZATION, ask, jobQuery, jobSubscription, onJob } from "../support/ask.ts";
import { startGateway, useGateway } from "../support/gateway.ts";
import { useHeldUpstream } from "../support/held-upstream.ts";
import { listen } from "../support/listen.ts";
import { subscribeByEvents, subscribeByWebSocket } from "../support/live-clients.ts";
import { blocksOf } from "../support/readme.ts";

const NGINX = "/usr/sbin/nginx";
const hasNginx = existsSync(NGINX);
if (!hasNginx)
  process.stderr.write(`SKIPPED: tests of the configuration of nginx, because ${NGINX} is missing.\n`);

const [CONFIGURATION = "", ...OTHERS] = blocksOf("nginx");

/** Replaces a part that must exist. */
const replace = (text: string, pattern: RegExp, replacement: string): string => {
  if (!pattern.test(text)) throw new Error(`Expected ${pattern} in the configuration of nginx.`);
  return text.replace(pattern, replacement);
};

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

type Change = readonly [pattern: RegExp, replacement: string];

/** What the text below the configuration says of a path. */
const underPath = (path: string): readonly Change[] => [
  [/location \/graphql \{/, `location ${path}/ {`],
  [/proxy_pass http:\/\/bk_job_graphql;/, "proxy_pass http://bk_job_graphql/;"],
];

/**
 * The documented configuration in front of these gateways, without TLS, on a free port.
 * @returns its GraphQL URL, under the path
 */
async function useNginx(gateways: readonly { readonly url: string }[], path = ""): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "nginx-"));
  const port = await freePort();
  const servers = gateways.map(({ url }) => `server ${new URL(url).host};`).join("\n");
  const site: readonly Change[] = [
    [/^ {2}server 10[\s\S]*?(?=^ {2}keepalive)/m, servers],
    [/listen 443 ssl;/, `listen 127.0.0.1:${port};`],
    [/^ {2}ssl_certificate .*$/m, ""],
    [/^ {2}ssl_certificate_key .*$/m, ""],
    ...(path === "" ? [] : underPath(path)),
  ];
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder};`)
    .join("\n");
  const http = site.reduce(
    (text, [pattern, replacement]) => replace(text, pattern, replacement),
    CONFIGURATION,
  );
  const file = join(folder, "nginx.conf");
  writeFileSync(
    file,
    `daemon off;\nmaster_process off;\npid ${folder}/pid;\nevents {}\nhttp {\naccess_log off;\n${temporary}\n${http}}\n`,
  );
  const nginx = spawn(NGINX, ["-p", folder, "-c", file, "-e", "stderr"], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => nginx.once("close", () => resolve()));
  onTestFinished(async () => {
    nginx.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true });
  });
  const url = `http://127.0.0.1:${port}${path}/graphql`;
  await expect.poll(() => fetch(url).then(({ status }) => status)).toBe(400);
  return url;
}

describe.skipIf(!hasNginx)("nginx with the documented configuration", () => {
  it("is one configuration", () => {
    expect(OTHERS).toEqual([]);
  });

  it("serves queries, and subscriptions by WebSocket and by server-sent events", async () => {
    const url = await useNginx([await useGateway()]);
    const headers = { "x-bkapi-authorization": AUTHORIZATION };
    const id = "20000000002";
    const job = { name: "日志清理", isFinished: true };
    const { data } = await ask(url, { query: jobQuery(id, onJob("name isFinished")) }, headers);
    expect(data).toEqual({ jobInstance: job });
    for (const subscribe of [subscribeByWebSocket, subscribeByEvents]) {
      const { results, completed } = subscribe(url, { query: jobSubscription(id, onJob("name isFinished")) });
      await completed;
      expect(results).toEqual([{ data: { jobInstanceUpdated: job } }]);
    }
  });

  it("serves the pages under a path", async () => {
    const url = await useNginx([await useGateway()], "/job-gateway");
    const page = await fetch(new URL("jobs/biz/1/20000000002/?lang=zh", url));
    expect(page.status).toBe(200);
    expect(page.url).toBe(new URL("jobs/biz/1/20000000002?lang=zh", url).href);
    const [, script = ""] = /<script[^>]* src="([^"]+)"/.exec(await page.text()) ?? [];
    const { status, headers } = await fetch(new URL(script, page.url));
    expect([status, headers.get("content-type")]).toEqual([200, expect.stringContaining("javascript")]);
  });

  it("delivers events at once, without buffering", async () => {
    const url = await useNginx([await useGateway()]);
    // Never finishes.
    const stream = subscribeByEvents(url, { query: jobSubscription("20000000004") });
    await expect.poll(() => stream.results).toHaveLength(1);
    stream.stop();
  });

  it("sends requests that a draining instance rejects to another one", async (test) => {
    const upstream = await useHeldUpstream(test);
    const draining = await startGateway({ upstream: { baseUrl: new URL(upstream.url) } });
    const answer = draining.ask(jobQuery("1"));
    await upstream.called;
    const url = await useNginx([draining, await useGateway()]);
    const closed = draining.close();
    const headers = { "x-bkapi-authorization": AUTHORIZATION };
    for (let round = 0; round < 10; round++) {
      expect((await ask(url, { query: "{ __typename }" }, headers)).status).toBe(200);
    }
    upstream.release();
    await Promise.all([answer, closed]);
  });
});
