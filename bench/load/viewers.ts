/** The viewers' process: each viewer has its own credentials and uses WebSocket or server-sent events. */
import type { Admitted, Delivery, Transport, Viewed, Viewing } from "./live.ts";
import { subscribeByEvents, subscribeByWebSocket } from "./subscribe.ts";

/** How many viewers wait for their first result concurrently. */
const ARRIVING = 100;

interface Viewer {
  results: number;
  lastChange: number;
}

const SUBSCRIBE: Readonly<Record<Transport, typeof subscribeByEvents>> = {
  "web-socket": subscribeByWebSocket,
  events: subscribeByEvents,
};

function createViewers({ origin, query, jobInstanceId, isReading, transports, viewers: wanted }: Viewing) {
  const viewers: Viewer[] = [];
  const payload = { query, variables: { jobInstanceId } };
  let changes = new Map<number, Delivery>();
  let bytes = 0;
  let failure: string | null = null;

  const onFailure = (message: string) => {
    // A viewer that does not read gets disconnected eventually.
    if (isReading) failure ??= message;
  };

  const note = (viewer: Viewer, text: string) => {
    const change = Number(/"name":"Change (\d+)"/.exec(text)?.[1]);
    // Results never repeat a state or go back to an earlier one.
    if (!(change > viewer.lastChange)) {
      return onFailure(`Expected a change after ${viewer.lastChange}, got ${text.slice(0, 300)}`);
    }
    bytes += text.length;
    viewer.lastChange = change;
    viewer.results += 1;
    const reached = changes.get(change)?.viewers ?? 0;
    changes.set(change, { viewers: reached + 1, lastAt: Date.now() });
  };

  /** Resolves with the first result. */
  const view = (index: number): Promise<void> =>
    new Promise((resolve) => {
      const viewer = { results: 0, lastChange: -1 };
      viewers.push(viewer);
      const transport = transports[index % transports.length] ?? "web-socket";
      SUBSCRIBE[transport]({
        origin,
        credentials: JSON.stringify({ access_token: `viewer-${index}` }),
        payload,
        onResult: (text, pause) => {
          note(viewer, text);
          resolve();
          if (!isReading) pause();
        },
        onFailure,
      });
    });

  const admit = async (): Promise<Admitted> => {
    const begin = performance.now();
    let next = 0;
    const arrive = async () => {
      while (next < wanted) await view(next++);
    };
    await Promise.all(Array.from({ length: ARRIVING }, arrive));
    return { tookMs: performance.now() - begin };
  };

  const take = (): Viewed => {
    const results = viewers.map((viewer) => viewer.results).sort((a, b) => a - b);
    const [minResults = 0] = results;
    const maxResults = results.at(-1) ?? 0;
    const taken = { minResults, maxResults, bytes, changes: [...changes], failure };
    for (const viewer of viewers) viewer.results = 0;
    bytes = 0;
    changes = new Map();
    return taken;
  };

  return { admit, take };
}

process.once("message", async (viewing: Viewing) => {
  const { admit, take } = createViewers(viewing);
  const admitted = await admit();
  process.on("message", () => process.send?.(take()));
  process.send?.(admitted);
});
process.on("disconnect", () => process.exit(0));
