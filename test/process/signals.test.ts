/** The end of the process: SIGTERM and SIGINT. */
import { describe, expect, it, type TestContext } from "vitest";
import { ask, jobQuery, jobSubscription } from "../support/ask.ts";
import { useHeldUpstream } from "../support/held-upstream.ts";
import { subscribeByApolloClient, subscribeByEvents, subscribeByWebSocket } from "../support/live-clients.ts";
import { openConnection } from "../support/raw-socket.ts";
import { runProgram, SLOW_CLOCK } from "./program.ts";

const QUERY = jobQuery("1");
const HEADERS = { "x-bkapi-authorization": '{"access_token":"mine"}' };

/** A gateway process with one request in flight. */
async function startBusy(test: TestContext, clock: Record<string, string> = {}) {
  const upstream = await useHeldUpstream(test);
  // Longer than any of these tests: what ends is not ended by this.
  const environment = { JOB_API_URL: upstream.url, UPSTREAM_TIMEOUT_MS: "600000", ...clock };
  const program = runProgram(test, "main.js", [], environment);
  const url = await program.url();
  const answer = ask(url, { query: QUERY }, HEADERS);
  await upstream.called;
  const untilDraining = () =>
    test.expect.poll(async () => (await fetch(new URL("/readyz", url))).status).toBe(503);
  return { ...program, url, upstream, answer, untilDraining };
}

describe.concurrent.each(["SIGTERM", "SIGINT"] as const)("%s", (signal) => {
  it("ends an idle process with exit code 0, though clients keep connections alive", async (test) => {
    const program = runProgram(test, "main.js");
    await ask(await program.url(), { query: "{ __typename }" }, {});
    program.process.kill(signal);
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  it("lets a request in flight be answered, refuses others meanwhile, and ends with exit code 0", async (test) => {
    const { process, upstream, answer, untilDraining, ended, url } = await startBusy(test, SLOW_CLOCK);
    process.kill(signal);
    await untilDraining();
    expect((await ask(url, { query: QUERY }, HEADERS)).status).toBe(503);
    upstream.release();

    expect((await answer).data).toEqual({ jobInstance: { __typename: "JobInstanceNotFound" } });
    expect(await ended).toEqual({ code: 0, signal: null });
  });

  it("does not wait for an upstream that hangs, and still answers", async (test) => {
    const { process, answer, ended } = await startBusy(test);
    process.kill(signal);

    expect((await answer).errors).toMatchObject([{ extensions: { code: "UPSTREAM_UNAVAILABLE" } }]);
    expect(await ended).toEqual({ code: 0, signal: null });
  });
});

it.concurrent("SIGTERM closes WebSockets with 1001, interrupts streams, and ends the process, though a client reads nothing", async (test) => {
  const program = runProgram(test, "main.js", [], { LIVE_POLL_SCHEDULE_MS: "50" });
  const url = await program.url();
  // Waits for its user, for ever.
  const query = jobSubscription("20000000004");
  const socket = subscribeByWebSocket(url, { query });
  const streams = [subscribeByEvents(url, { query }), subscribeByApolloClient(url, { query })];
  for (const { results } of [socket, ...streams]) await test.expect.poll(() => results.length).toBe(1);
  // A client that neither reads nor says that it has heard of the end.
  const stuck = await openConnection(url);
  stuck.socket.pause();

  program.process.kill("SIGTERM");
  await expect(socket.completed).rejects.toThrow("1001 Going away");
  // How they end is tested with each of them.
  await Promise.allSettled(streams.map(({ completed }) => completed));
  expect(await program.ended).toEqual({ code: 0, signal: null });
});

it.concurrent.for([
  ["SIGTERM", "SIGTERM"],
  ["SIGINT", "SIGINT"],
  ["SIGTERM", "SIGINT"],
] as const)("%s and then %s ends the process at once", async ([first, second], test) => {
  const { process, answer, untilDraining, ended } = await startBusy(test, SLOW_CLOCK);
  const failed = expect(answer).rejects.toThrow();
  process.kill(first);
  await untilDraining();
  process.kill(second);
  expect(await ended).toEqual({ code: null, signal: second });
  await failed;
});
