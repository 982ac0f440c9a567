/** Runs the chaos: rounds of clients, faults and disruptions, each followed by checks that everything has recovered. */
import type { TestContext } from "vitest";
import { useRedis } from "../support/redis-server.ts";
import type { Actor, Chaos } from "./chaos.ts";
import { choicesOf } from "./choices.ts";
import { createClient } from "./clients.ts";
import { changeJobs, changeWeather, disrupt } from "./disruptions.ts";
import { createSky } from "./faults.ts";
import { startInstances } from "./instances.ts";
import { createMemoryCheck } from "./memory.ts";
import { pause } from "./pause.ts";
import { checkRecovery } from "./recovery.ts";
import { useRedisLink } from "./redis-link.ts";
import { createReport, MAX_VIOLATIONS, type Report } from "./report.ts";
import { createSent } from "./sent.ts";
import { createSlack } from "./slack.ts";
import { createTruth } from "./truth.ts";
import { startUpstream } from "./upstream.ts";
import { createViewer } from "./viewers.ts";

export interface ChaosOptions {
  readonly seed: number;
  /** Of chaos. The checks after each round take additional time. */
  readonly minutes: number;
  readonly onProgress: (text: string) => void;
}

/** Memory is compared between rounds. */
const ROUNDS = 3;
const CLIENTS = 20;
const VIEWERS = 15;

export async function runChaos(
  { seed, minutes, onProgress }: ChaosOptions,
  test: Pick<TestContext, "onTestFinished">,
): Promise<Report> {
  const report = createReport(onProgress);
  const chaos = await start(seed, report, test);
  const memory = createMemoryCheck(chaos.instances, report);
  const actors: Readonly<Record<string, Actor>> = {
    jobs: changeJobs,
    weather: changeWeather,
    disruptions: disrupt,
    ...Object.fromEntries(numbered(CLIENTS, "client", createClient)),
    ...Object.fromEntries(numbered(VIEWERS, "viewer", createViewer)),
  };
  for (let round = 1; round <= ROUNDS && report.violations.length < MAX_VIOLATIONS; round += 1) {
    const stopped = new AbortController();
    const acting = Object.entries(actors).map(([name, act]) =>
      act(chaos, choicesOf(seed, `round ${round}, ${name}`), stopped.signal),
    );
    await Promise.race([pause((minutes * 60_000) / ROUNDS), Promise.all(acting)]);
    stopped.abort();
    await Promise.all(acting);
    onProgress(`round ${round} of ${ROUNDS}: chaos over, ${report.violations.length} violations`);
    await checkRecovery(chaos);
    await memory.measure();
    onProgress(`round ${round} of ${ROUNDS}: recovery checked, ${report.violations.length} violations`);
  }
  await Promise.all(chaos.instances.map(({ stop }) => stop()));
  chaos.slack.close();
  return report;
}

const numbered = (count: number, name: string, create: (index: number) => Actor): [string, Actor][] =>
  Array.from({ length: count }, (_, index) => [`${name} ${index}`, create(index)]);

async function start(
  seed: number,
  report: Report,
  test: Pick<TestContext, "onTestFinished">,
): Promise<Chaos> {
  const truth = createTruth();
  const sent = createSent();
  const sky = createSky(choicesOf(seed, "upstream"));
  const redis = await useRedis([], test);
  const link = await useRedisLink(redis.url, test);
  const upstreamUrl = await startUpstream({ truth, sky, report, sent }, test);
  const instances = await startInstances({ upstreamUrl, redisUrl: link.url, report }, test);
  return { truth, sky, instances, redis, link, report, sent, slack: createSlack() };
}
