/**
 * The dashboard and the alerts of docs/operations.md in a real Prometheus, which scrapes a gateway under load.
 * promtool and Prometheus check the syntax; each expression must also find the data that it is about.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import type { LiveStream } from "../support/live-clients.ts";
import { blocksOf } from "../support/readme.ts";
import { readDashboard, withoutVariables } from "./dashboard.ts";
import { sendQuery, sendRound, subscribeByAll, subscribeToEnd } from "./load.ts";
import { hasPrometheus, type Prometheus, startPrometheus } from "./prometheus-server.ts";

if (!hasPrometheus) {
  console.warn(
    "SKIPPED: the dashboard and the alerts are not tested, because Prometheus is not installed. " +
      "Install it (apt-get install --no-install-recommends prometheus), or set PROMETHEUS_PATH.",
  );
}

/** The only block of the documentation that contains this text. */
function blockWith(text: string): string {
  const found = blocksOf("yaml").filter((block) => block.includes(text));
  const [block = ""] = found;
  if (found.length !== 1) throw new Error(`Expected one block with ${text}, got ${found.length}.`);
  return block;
}

const RULES = blockWith("- alert:");
/** The scrape configuration of the documentation, for another target. */
const configFor = (target: string) =>
  blockWith("scrape_configs:").replace(/targets: \[".*"\]/, `targets: ["${target}"]`);

/** Name and expression of each alert. */
const ALERTS = [
  ...RULES.matchAll(/- alert: (\w+)\n +expr: (?:>-\n)?([\s\S]*?)(?=\n +(?:for|- alert):|\n*$)/g),
].map(([, name = "", expression = ""]) => [name, expression.replaceAll(/\s+/g, " ").trim()] as const);

const EXPRESSIONS = readDashboard().panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => [`${title}: ${legendFormat}`, expr] as const),
);

/** Expressions that are zero when the gateway is not busy and the upstream works. All others are positive under load. */
const CAN_BE_ZERO = new Set([
  "Redis answers: {{instance}}",
  "Redis commands by outcome: {{command}} {{outcome}}",
  "Duration of Redis commands (p90): {{command}}",
  "Running and queued calls: running",
  "Running and queued calls: queued",
  "Retries by reason: budget exhausted",
  "Requests rejected by limit: {{limit}}",
  "Operations in flight: in flight",
  "Circuit breaker: {{instance}}",
]);

/** Longer than the tests, so that rates cover all samples. */
const RATE_INTERVAL = "30m";

describe.skipIf(!hasPrometheus)("in a Prometheus that scrapes a gateway under load", () => {
  let gateway: TestGateway;
  let prometheus: Prometheus;
  let streams: readonly LiveStream[];
  let isDone = false;
  let load: Promise<void>;

  beforeAll(async () => {
    gateway = await startGateway({
      upstream: { retries: { maxRetries: 1, backoffMs: 0, budgetPercent: 20 } },
      config: {
        metrics: { port: 0 },
        loadShedding: { maxOperations: 20_000, maxEventLoopDelayMs: 0 },
        snapshots: { maxAgeRunningMs: 60_000, maxAgeFinishedMs: 60_000, maxBytes: 2 ** 26 },
      },
    });
    const target = new URL(gateway.metricsUrl ?? "").host;
    prometheus = await startPrometheus({ config: configFor(target), rules: RULES, intervalMs: 250 });
    // Rates need a sample before the first operation, and one after it.
    await vi.waitFor(async () =>
      expect(await prometheus.query("bk_job_graphql_subscriptions")).toHaveLength(1),
    );
    streams = subscribeByAll(gateway.url);
    const sendRounds = async () => {
      while (!isDone) {
        await sendRound(gateway.url);
        await subscribeToEnd(gateway.url);
      }
    };
    load = sendRounds();
  });
  afterAll(async () => {
    isDone = true;
    await load;
    for (const { stop } of streams) stop();
    await gateway.close();
    await prometheus.close();
  });

  it.each(EXPRESSIONS)("the panel %s has data", async (panel, expression) => {
    const query = withoutVariables(expression, RATE_INTERVAL);
    const values = async () => (await prometheus.query(query)).map(({ points: [point] }) => point?.[1]);
    const expected = CAN_BE_ZERO.has(panel) ? expect.any(Number) : expect.toSatisfy((value) => value > 0);
    await expect.poll(values).toEqual(expect.arrayContaining([expected]));
  });

  it("the variables of the dashboard find the gateway", async () => {
    const definitions = readDashboard().templating.list.flatMap(({ definition = [] }) => definition);
    expect(definitions).toHaveLength(2);
    for (const definition of definitions) {
      const [, selector = "", label = ""] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? [];
      const found = await prometheus.query(withoutVariables(selector, RATE_INTERVAL));
      expect(found.map(({ labels }) => labels[label])).toEqual([expect.stringMatching(/./)]);
    }
  });

  it("all alerts are evaluated without an error", async () => {
    const health = async () => (await prometheus.rules()).map(({ name, health }) => [name, health]);
    await expect.poll(health).toEqual(ALERTS.map(([name]) => [name, "ok"]));
  });

  it.each(ALERTS)("the alert %s compares values that exist", async (_name, expression) => {
    // An alert that is not active has no values, as has one that names a metric that does not exist.
    const otherwise = expression.replace(" > ", " <= ");
    expect(otherwise).not.toBe(expression);
    await expect.poll(() => prometheus.query(`(${expression}) or (${otherwise})`)).not.toEqual([]);
  });
});

describe.skipIf(!hasPrometheus)("in a Prometheus that scrapes an idle gateway", () => {
  it("the first violation of the contract is an alert", async () => {
    const gateway = await startGateway({ config: { metrics: { port: 0 } } });
    const target = new URL(gateway.metricsUrl ?? "").host;
    const prometheus = await startPrometheus({ config: configFor(target), rules: RULES, intervalMs: 250 });
    try {
      const [, expression = ""] = ALERTS.find(([name]) => name === "ContractViolations") ?? [];
      const up = async () => (await prometheus.query("count_over_time(up[5m])"))[0]?.points[0]?.[1] ?? 0;
      await expect.poll(up).toBeGreaterThan(2);
      expect(await prometheus.query(expression)).toEqual([]);
      await sendQuery(
        gateway.url,
        '{ jobInstance(ref: { scopeId: "1", jobInstanceId: "20000090301" }) { __typename } }',
      );
      await expect.poll(() => prometheus.query(expression)).not.toEqual([]);
    } finally {
      await gateway.close();
      await prometheus.close();
    }
  });
});
