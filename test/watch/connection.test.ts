/** The connection of `watch`: missing, wrong and lost connections. */
import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { type FollowOptions, follow, type Lost } from "../../src/watch/follow.ts";
import { readOptions } from "../../src/watch/options.ts";
import { heldClock } from "../process/program.ts";
import { startGateway } from "../support/gateway.ts";
import { useClosedPort } from "../support/listen.ts";
import { useSwitchingProxy } from "../support/switching-proxy.ts";
import { EVENTS, event, FINISHED_EVENT, jobEvent, useFakeGateway } from "./fake-gateway.ts";
import { changingJob, finished, linesOf, printsError, running, watchInPipe } from "./run-watch.ts";

describe.concurrent("without a gateway from the start", () => {
  it("ends at once if nothing listens", async (test) => {
    const url = `http://127.0.0.1:${await useClosedPort(test)}/graphql`;
    const program = watchInPipe(test, { url, id: "1" });
    expect(await program.ended).toEqual({ code: 2, signal: null });
    expect(program.stderr()).toBe(
      `Could not connect to a gateway at ${url}: nothing is listening there. Start one, or set its address with --url.\n`,
    );
  });

  it("ends at once if the host does not exist", async (test) => {
    const program = watchInPipe(test, { url: "http://nowhere.invalid/graphql", id: "1" });
    expect((await program.ended).code).toBe(2);
    expect(program.stderr()).toMatch(
      /^Could not connect to a gateway at http:\/\/nowhere\.invalid\/graphql: (there is no such host|the address of the host)/,
    );
  });

  it("ends at once if the gateway has another path, which the message contains", async (test) => {
    const gateway = await startGateway();
    test.onTestFinished(gateway.close);
    const program = watchInPipe(test, { url: gateway.url.replace("graphql", "api"), id: "1" });
    expect((await program.ended).code).toBe(2);
    expect(program.stderr()).toMatch(
      /^Expected the event stream of a gateway at http\S+\/api, got HTTP 404 \(BAD_REQUEST: No such path\. The gateway serves \/graphql, .*Check --url/,
    );
  });

  it.for([
    ["a page", 200, { "content-type": "text/html" }, "<h1>", "HTTP 200 (text/html)"],
    ["a redirect", 302, { location: "/login" }, "", "HTTP 302 (a redirect)"],
    ["a refusal", 401, { "content-type": "application/json" }, "{}", "HTTP 401 (application/json)"],
    ["events of another kind", 200, EVENTS, "event: tick\ndata: 1\n\n", 'the event "tick"'],
  ] as const)("ends at once if the response is %s", async ([, status, headers, body, got], test) => {
    const { url, count } = await useFakeGateway(test, (_, response) => {
      response.writeHead(status, headers).end(body);
    });
    const program = watchInPipe(test, { url, id: "1" });
    expect((await program.ended).code).toBe(2);
    expect(program.stderr()).toBe(
      `Expected the event stream of a gateway at ${url}/stream, got ${got}. Check --url: it must be the gateway's GraphQL endpoint.\n`,
    );
    // Credentials are not sent to the target of a redirect.
    expect(count()).toBe(1);
  });

  it("ends at once if the response is a 404 page", async (test) => {
    const { url, count } = await useFakeGateway(test, (_, response) => {
      response.writeHead(404, { "content-type": "text/html" }).end("<h1>");
    });
    const program = watchInPipe(test, { url, id: "1" });
    expect((await program.ended).code).toBe(2);
    expect(program.stderr()).toBe(
      `${url}/stream is not a GraphQL endpoint: HTTP 404 (text/html). Expected a URL such as https://gateway.example.com/graphql. Check --url.\n`,
    );
    expect(count()).toBe(1);
  });

  it("ends at once if a proxy has no gateway behind it", async (test) => {
    const { url, count } = await useFakeGateway(test, (_, response) => void response.writeHead(502).end());
    const program = watchInPipe(test, { url, id: "1" });
    expect((await program.ended).code).toBe(2);
    expect(program.stderr()).toContain(": the server responded with HTTP 502 (no content type).");
    expect(count()).toBe(1);
  });
});

describe.concurrent("a lost connection", () => {
  it("is restored when the gateway is back, without repeated output", async (test) => {
    const proxy = await useSwitchingProxy(test);
    const first = await proxy.start();
    const state = running({ hosts: [7] });
    const program = watchInPipe(test, changingJob(first, "35000000001", state));
    await linesOf(program, 1);
    await first.stop();
    await printsError(program, /^Connection lost: .+\. Retry 1 of 10 in \d\.\d s\.$/m);

    const second = await proxy.start();
    test.onTestFinished(second.stop);
    const job = changingJob(second, "35000000001", state);
    await printsError(program, /^Reconnected\.$/m);
    expect(program.stdout().match(/\n/g)).toHaveLength(1);
    job.become(finished());
    expect((await program.ended).code).toBe(0);
    expect(program.stdout().match(/\n/g)).toHaveLength(2);
  });

  it.for([
    ["completed by the gateway although the job is running", event("complete")],
    ["cut off", null],
    ["closed in the middle of an event", "event: next\ndata: {"],
  ] as const)("is restored after it was %s", async ([, end], test) => {
    const { promise: first, resolve: onFirst } = Promise.withResolvers<ServerResponse>();
    const { url } = await useFakeGateway(test, (_, response, index) => {
      response.writeHead(200, EVENTS);
      if (index > 0) return void response.end(FINISHED_EVENT + event("complete"));
      response.write(jobEvent());
      onFirst(response);
    });
    const program = watchInPipe(test, { url, id: "1" });
    // Waits for the first event, so that it is read before the end.
    await linesOf(program, 1);
    if (end === null) (await first).destroy();
    else (await first).end(end);
    expect((await program.ended).code).toBe(0);
    expect(program.stdout()).toMatch(/job: RUNNING\n.*job: SUCCEEDED\n$/);
    expect(program.stderr()).toMatch(/^Connection lost: .+\nReconnected\.\n$/);
  });

  it("is restored if its end arrives with many events, all of which are printed", async (test) => {
    const { url } = await useFakeGateway(test, (_, response, index) => {
      const names = Array.from({ length: 100 }, (_, number) => jobEvent({ name: `job ${number}` }));
      response.writeHead(200, EVENTS).end(index === 0 ? names.join("") : FINISHED_EVENT);
    });
    const program = watchInPipe(test, { url, id: "1" });
    expect((await program.ended).code).toBe(0);
    expect(program.stdout().match(/job \d+: RUNNING\n/g)).toHaveLength(100);
  });

  it("is restored after a gateway that is shutting down refused it, even at the start", async (test) => {
    const body = JSON.stringify({ errors: [{ message: "x", extensions: { code: "SHUTTING_DOWN" } }] });
    const { url } = await useFakeGateway(test, (_, response, index) => {
      if (index === 0) response.writeHead(503, { "content-type": "application/json" }).end(body);
      else response.writeHead(200, EVENTS).end(FINISHED_EVENT);
    });
    const program = watchInPipe(test, { url, id: "1" });
    expect((await program.ended).code).toBe(0);
    expect(program.stderr()).toContain("Connection lost: the gateway responded with SHUTTING_DOWN: x.");
  });

  it("is not restored after another error response", async (test) => {
    const { url, count } = await useFakeGateway(test, (_, response, index) => {
      if (index === 0) response.writeHead(200, EVENTS).end(jobEvent());
      else response.writeHead(403).end();
    });
    const program = watchInPipe(test, { url, id: "1" });
    expect((await program.ended).code).toBe(2);
    expect(program.stderr()).toContain("got HTTP 403");
    expect(count()).toBe(2);
  });

  it("is not restored after the timeout", async (test) => {
    const { url } = await useFakeGateway(test, (_, response, index) => {
      if (index === 0) response.writeHead(200, EVENTS).end(jobEvent());
      else response.destroy();
    });
    const program = watchInPipe(test, { url, id: "1" }, ["--timeout", "90s"], heldClock(90_000));
    await printsError(program, /Retry \d of 10/);
    program.process.kill("SIGUSR2");
    expect((await program.ended).code).toBe(2);
    expect(program.stderr()).toMatch(/Retry \d of 10[^\n]*\nThe job did not finish within 1m 30s/);
  });
});

const targetAt = (url: string) => readOptions({ operands: ["1"], scope: "biz:1", url }, {});

/** Losses until the last attempt, and the final message, with waits of milliseconds. */
async function lossesOf(url: string, options: Partial<FollowOptions>): Promise<readonly [Lost[], string]> {
  const losses: Lost[] = [];
  let end = "";
  try {
    for await (const event of follow(targetAt(url), new AbortController().signal, options)) {
      if (event.kind === "lost") losses.push(event);
    }
  } catch (error) {
    end = String(error);
  }
  return [losses, end];
}

describe.concurrent("attempts to reconnect", () => {
  it("back off exponentially with jitter, up to a maximum number", async (test) => {
    const { url } = await useFakeGateway(test, (_, response, index) => {
      if (index === 0) response.writeHead(200, EVENTS).end(jobEvent());
      else response.destroy();
    });
    const [losses, message] = await lossesOf(url, { firstDelayMs: 8, maxDelayMs: 32, maxAttempts: 5 });
    expect(losses.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5]);
    for (const [index, longest] of [8, 16, 32, 32, 32].entries()) {
      expect(losses[index]?.delayMs).toBeGreaterThanOrEqual(longest / 2);
      expect(losses[index]?.delayMs).toBeLessThanOrEqual(longest);
    }
    expect(message).toMatch(/Could not reconnect .* in 5 attempts: the connection was closed\. /);
  });

  it("start again from one after a result", async (test) => {
    const { url } = await useFakeGateway(test, (_, response, index) => {
      if (index % 2 === 0 && index < 8) response.writeHead(200, EVENTS).end(jobEvent());
      else response.destroy();
    });
    const [losses] = await lossesOf(url, { firstDelayMs: 1, maxAttempts: 2 });
    expect(losses.map(({ attempt }) => attempt)).toEqual([1, 2, 1, 2, 1, 2, 1, 2]);
  });
});
