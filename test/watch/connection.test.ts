/** What `watch` makes of its connection: of none, of a wrong one, and of one that is lost. */
import { createServer } from "node:net";
import { describe, expect, it, type TestContext } from "vitest";
import { type FollowOptions, follow, type Lost } from "../../src/watch/follow.ts";
import { readOptions } from "../../src/watch/options.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { EVENTS, event, FINISHED_EVENT, jobEvent, useStandIn } from "./stand-in.ts";
import { changingJob, finished, linesOf, running, saying, watchInPipe } from "./watching.ts";

/** A port on which nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

/** A gateway that a test may close before its end. */
const useGatewayAt = async ({ onTestFinished }: TestContext, port: number): Promise<TestGateway> => {
  const gateway = await startGateway({ config: { port } });
  let closed: Promise<void> | null = null;
  const close = () => {
    closed ??= gateway.close();
    return closed;
  };
  onTestFinished(close);
  return { ...gateway, close };
};

describe.concurrent("without a gateway from the start", () => {
  it("ends at once where nothing listens", async (test) => {
    const url = `http://127.0.0.1:${await freePort()}/graphql`;
    const program = watchInPipe(test, { url, id: "1" });
    expect(await program.ended).toEqual({ code: 2, signal: null });
    expect(program.stderr()).toBe(
      `Expected a gateway at ${url}/stream, but nothing listens there. Start one, or give its address with --url.\n`,
    );
  });

  it("ends at once where there is no such host", async (test) => {
    const program = watchInPipe(test, { url: "http://nowhere.invalid/graphql", id: "1" });
    expect((await program.ended).code).toBe(2);
    expect(program.stderr()).toMatch(
      /^Expected a gateway at http:\/\/nowhere\.invalid\/graphql\/stream, but (there is no such host|the host's address)/,
    );
  });

  it("ends at once where a gateway has another path, which it tells", async (test) => {
    const gateway = await useGatewayAt(test, 0);
    const program = watchInPipe(test, { url: gateway.url.replace("graphql", "api"), id: "1" });
    expect((await program.ended).code).toBe(2);
    expect(program.stderr()).toMatch(
      /^Expected the event stream of a gateway at http\S+\/api\/stream, got HTTP 404 \(BAD_REQUEST: Expected one of the paths \/graphql, .*Check --url/,
    );
  });

  it.for([
    ["a page", 200, { "content-type": "text/html" }, "<h1>", "HTTP 200 (text/html)"],
    ["no page", 404, { "content-type": "text/html" }, "<h1>", "HTTP 404 (text/html)"],
    ["a redirect", 302, { location: "/login" }, "", "HTTP 302 (a redirect)"],
    ["a refusal", 401, { "content-type": "application/json" }, "{}", "HTTP 401 (application/json)"],
    ["events of another kind", 200, EVENTS, "event: tick\ndata: 1\n\n", "events of another kind"],
  ] as const)("ends at once where there is %s", async ([, status, headers, body, got], test) => {
    const { url, count } = await useStandIn(test, (_, response) => {
      response.writeHead(status, headers).end(body);
    });
    const program = watchInPipe(test, { url, id: "1" });
    expect((await program.ended).code).toBe(2);
    expect(program.stderr()).toBe(
      `Expected the event stream of a gateway at ${url}/stream, got ${got}. Check --url: it is the gateway's GraphQL endpoint.\n`,
    );
    // Nor are credentials sent on to where a redirect leads.
    expect(count()).toBe(1);
  });

  it("ends at once where a proxy has none behind it", async (test) => {
    const { url, count } = await useStandIn(test, (_, response) => void response.writeHead(502).end());
    const program = watchInPipe(test, { url, id: "1" });
    expect((await program.ended).code).toBe(2);
    expect(program.stderr()).toContain("but it answered HTTP 502 (no content type).");
    expect(count()).toBe(1);
  });
});

describe.concurrent("a connection that is lost", () => {
  it("is made again when the gateway is back, which tells nothing twice", async (test) => {
    const first = await useGatewayAt(test, 0);
    const port = Number(new URL(first.url).port);
    const state = running({ hosts: [7] });
    const program = watchInPipe(test, changingJob(first, "35000000001", state));
    await linesOf(program, 1);
    await first.close();
    await saying(program, /^Connection lost: .+\. Try 1 of 10 in \d\.\d s\.$/m);

    const job = changingJob(await useGatewayAt(test, port), "35000000001", state);
    await saying(program, /^Connected again\.$/m);
    expect(program.stdout().match(/\n/g)).toHaveLength(1);
    job.become(finished());
    expect((await program.ended).code).toBe(0);
    expect(program.stdout().match(/\n/g)).toHaveLength(2);
  });

  it.for([
    ["completed by the gateway, though the job goes on", event("complete")],
    ["cut off", null],
    ["closed in the middle of an event", "event: next\ndata: {"],
  ] as const)("is made again when it was %s", async ([, end], test) => {
    const { url } = await useStandIn(test, (_, response, index) => {
      response.writeHead(200, EVENTS);
      if (index > 0) return void response.end(FINISHED_EVENT + event("complete"));
      response.write(jobEvent());
      // A moment later: what comes together is read together.
      setTimeout(() => (end === null ? response.destroy() : response.end(end)), 50);
    });
    const program = watchInPipe(test, { url, id: "1" });
    expect((await program.ended).code).toBe(0);
    expect(program.stdout()).toMatch(/job: RUNNING\n.*job: SUCCEEDED\n$/);
    expect(program.stderr()).toMatch(/^Connection lost: .+\nConnected again\.\n$/);
  });

  it("is made again when its end came together with many events, all of which are told", async (test) => {
    const { url } = await useStandIn(test, (_, response, index) => {
      const names = Array.from({ length: 100 }, (_, number) => jobEvent({ name: `job ${number}` }));
      response.writeHead(200, EVENTS).end(index === 0 ? names.join("") : FINISHED_EVENT);
    });
    const program = watchInPipe(test, { url, id: "1" });
    expect((await program.ended).code).toBe(0);
    expect(program.stdout().match(/job \d+: RUNNING\n/g)).toHaveLength(100);
  });

  it("is made again after the refusal of a gateway that is about to end, also at first", async (test) => {
    const body = JSON.stringify({ errors: [{ message: "x", extensions: { code: "SHUTTING_DOWN" } }] });
    const { url } = await useStandIn(test, (_, response, index) => {
      if (index === 0) response.writeHead(503, { "content-type": "application/json" }).end(body);
      else response.writeHead(200, EVENTS).end(FINISHED_EVENT);
    });
    const program = watchInPipe(test, { url, id: "1" });
    expect((await program.ended).code).toBe(0);
    expect(program.stderr()).toContain("Connection lost: it answered HTTP 503 (SHUTTING_DOWN: x).");
  });

  it("is not made again after a refusal of another kind", async (test) => {
    const { url, count } = await useStandIn(test, (_, response, index) => {
      if (index === 0) response.writeHead(200, EVENTS).end(jobEvent());
      else response.writeHead(403).end();
    });
    const program = watchInPipe(test, { url, id: "1" });
    expect((await program.ended).code).toBe(2);
    expect(program.stderr()).toContain("got HTTP 403");
    expect(count()).toBe(2);
  });

  it("does not outlive a timeout", async (test) => {
    const { url } = await useStandIn(test, (_, response, index) => {
      if (index === 0) response.writeHead(200, EVENTS).end(jobEvent());
      else response.destroy();
    });
    const program = watchInPipe(test, { url, id: "1" }, ["--timeout", "2s"]);
    expect((await program.ended).code).toBe(2);
    expect(program.stderr()).toMatch(/Try \d of 10[^\n]*\nExpected the job to finish within 2s/);
  });
});

/** Losses until there are no more tries, and what is said then; with waits of milliseconds. */
async function lossesOf(url: string, options: FollowOptions): Promise<readonly [Lost[], string]> {
  const target = readOptions({ operands: ["1"], scope: "biz:1", url }, {});
  const losses: Lost[] = [];
  let end = "";
  try {
    for await (const event of follow(target, new AbortController().signal, options)) {
      if (event.kind === "lost") losses.push(event);
    }
  } catch (error) {
    end = String(error);
  }
  return [losses, end];
}

describe.concurrent("tries to connect again", () => {
  it("are further and further apart, by chance a bit less, and have an end", async (test) => {
    const { url } = await useStandIn(test, (_, response, index) => {
      if (index === 0) response.writeHead(200, EVENTS).end(jobEvent());
      else response.destroy();
    });
    const [losses, message] = await lossesOf(url, { firstWaitMs: 8, maxWaitMs: 32, maxTries: 5 });
    expect(losses.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5]);
    for (const [index, longest] of [8, 16, 32, 32, 32].entries()) {
      expect(losses[index]?.waitMs).toBeGreaterThanOrEqual(longest / 2);
      expect(losses[index]?.waitMs).toBeLessThanOrEqual(longest);
    }
    expect(message).toMatch(/come back, but the connection was closed, also at the last of 5 tries\./);
  });

  it("count anew after a result", async (test) => {
    const { url } = await useStandIn(test, (_, response, index) => {
      if (index % 2 === 0 && index < 8) response.writeHead(200, EVENTS).end(jobEvent());
      else response.destroy();
    });
    const [losses] = await lossesOf(url, { firstWaitMs: 1, maxTries: 2 });
    expect(losses.map(({ attempt }) => attempt)).toEqual([1, 2, 1, 2, 1, 2, 1, 2]);
  });

  it.for([
    ["before the first result", ":\n\n"],
    ["after it", jobEvent()],
  ])("are made when nothing comes any more %s", async ([, beginning], test) => {
    const { url } = await useStandIn(test, (_, response, index) => {
      if (index === 0) response.writeHead(200, EVENTS).write(beginning);
      else response.destroy();
    });
    const [losses] = await lossesOf(url, { firstWaitMs: 1, maxTries: 1, silenceMs: 300 });
    expect(losses.map(({ why }) => why)).toEqual(["nothing came for 0.3 s"]);
  });

  it("are not made while there are signs of life", async (test) => {
    const { url } = await useStandIn(test, (_, response, index) => {
      if (index > 0) return void response.destroy();
      response.writeHead(200, EVENTS).write(jobEvent());
      const timer = setInterval(() => response.write(":\n\n"), 100);
      setTimeout(() => {
        clearInterval(timer);
        response.end(event("complete"));
      }, 1_500);
    });
    const [losses] = await lossesOf(url, { firstWaitMs: 1, maxTries: 1, silenceMs: 1_000 });
    expect(losses.map(({ why }) => why)).toEqual(["the gateway ended the stream"]);
  });
});
