/** A load that looks like that of a day: it rises and falls, some of it fails, and users come and go. */
import type { LiveStream } from "../support/live-clients.ts";
import { QUERIES, sendQuery, subscribeByAll } from "./load.ts";

const TICK_MS = 100;

/** Share of the requests that are one of the failing queries, which are at the end of the list. */
const FAILING_SHARE = 0.06;
const FIRST_FAILING = 7;
/** During this part of the time, the upstream is not available. */
const OUTAGE = [0.6, 0.68] as const;
const OUTAGE_QUERY = QUERIES.find((query) => query.includes("20000090112")) ?? "";

const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(Math.random() * list.length)];

/** Runs for `durationMs`. */
export function startDemo(url: string, durationMs: number): Promise<void> {
  const start = Date.now();
  const streams: LiveStream[] = [];
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const share = (Date.now() - start) / durationMs;
      if (share >= 1) {
        clearInterval(timer);
        for (const { stop } of streams) stop();
        return resolve();
      }
      const rise = 0.35 + 0.65 * Math.sin(Math.PI * share) ** 2;
      const requests = Math.floor(rise * 4 * (0.5 + Math.random()));
      const isOutage = share > OUTAGE[0] && share < OUTAGE[1];
      for (let index = 0; index < requests; index++) {
        const isFailing = Math.random() < FAILING_SHARE;
        const usual = pick(isFailing ? QUERIES.slice(FIRST_FAILING) : QUERIES.slice(0, FIRST_FAILING)) ?? "";
        const query = isOutage && Math.random() < 0.5 ? OUTAGE_QUERY : usual;
        sendQuery(url, query).catch(() => {});
        // A double click.
        if (Math.random() < 0.1) sendQuery(url, query).catch(() => {});
      }
      const users = Math.round(rise * 20);
      if (streams.length < users * 3) streams.push(...subscribeByAll(url));
      else if (streams.length > users * 3 + 3) for (const { stop } of streams.splice(0, 3)) stop();
    }, TICK_MS);
  });
}
