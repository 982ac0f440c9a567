/**
 * `npm run dashboard`: draws docs/dashboard.svg. Prometheus scrapes a gateway under a load of some minutes, and the panels
 * of the dashboard show what it answers. Run it after a change of the dashboard.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createSimulator } from "../../src/simulator/simulator.ts";
import { ROOT } from "../support/readme.ts";
import { readDashboard, withoutVariables } from "./dashboard.ts";
import { startDemo } from "./demo.ts";
import { type Prometheus, startPrometheus } from "./prometheus-server.ts";
import { type DrawnPanel, dashboardSvg } from "./svg.ts";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "5" } } });
const minutes = Number(values.minutes);

const SCRAPE_INTERVAL_MS = 1_000;
const RATE_INTERVAL = "15s";
/** Points of a line. */
const POINTS = 100;
const INSTANCE = "gateway-1";

/** So small that lines near them are not flat. */
const SMALL_LIMITS = {
  UPSTREAM_CONNECTIONS: "8",
  LIVE_MAX_VIEWERS: "100",
  WEBSOCKET_MAX_CONNECTIONS: "50",
  MAX_OPERATIONS_IN_FLIGHT: "200",
};

/** Starts the built gateway over a simulator. @returns the addresses that it prints */
async function startGateway() {
  const simulator = await createSimulator();
  const program = spawn(process.execPath, [fileURLToPath(new URL("dist/main.js", ROOT))], {
    env: { PORT: "0", METRICS_PORT: "0", JOB_API_URL: simulator.url, ...SMALL_LIMITS },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const { promise, resolve, reject } = Promise.withResolvers<{ url: string; metricsUrl: string }>();
  let output = "";
  program.stderr.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    const [, metricsUrl] = /^Metrics at (\S+)$/m.exec(output) ?? [];
    const [, url] = /^GraphQL at (\S+)$/m.exec(output) ?? [];
    if (url && metricsUrl) resolve({ url, metricsUrl });
  });
  program.once("exit", () => reject(new Error(`Expected a gateway, got ${output}`)));
  const close = async () => {
    program.kill();
    await simulator.close();
  };
  return { ...(await promise), close };
}

async function readPanels(
  prometheus: Prometheus,
  start: number,
  end: number,
): Promise<readonly DrawnPanel[]> {
  const step = (end - start) / POINTS;
  const drawn: DrawnPanel[] = [];
  for (const panel of readDashboard().panels) {
    const series = [];
    for (const { expr, legendFormat } of panel.targets ?? []) {
      const query = withoutVariables(expr, RATE_INTERVAL);
      for (const { labels, points } of await prometheus.queryRange(query, { start, end, step })) {
        const name = legendFormat.replace(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? "");
        series.push({ name: name === "" ? "(no name)" : name, points });
      }
    }
    drawn.push({ panel, series });
  }
  return drawn;
}

const gateway = await startGateway();
const prometheus = await startPrometheus({
  config: `scrape_configs: [{ job_name: demo, static_configs: [{ targets: ["${new URL(gateway.metricsUrl).host}"], labels: { instance: ${INSTANCE} } }] }]`,
  rules: "groups: []",
  intervalMs: SCRAPE_INTERVAL_MS,
});
const begin = Date.now() / 1_000;
await startDemo(gateway.url, minutes * 60_000);
const end = Date.now() / 1_000;
const svg = dashboardSvg({
  title: readDashboard().title,
  note: `The panels of grafana-dashboard.json, drawn by a script with data of Prometheus: a demo load of ${minutes} minutes with an outage, on one gateway with small limits over the simulator. Grafana looks different.`,
  // The first rates are of the startup.
  panels: await readPanels(prometheus, begin + 15, end),
  start: begin + 15,
  end,
});
writeFileSync(new URL("docs/dashboard.svg", ROOT), svg);
console.log(`docs/dashboard.svg: ${Buffer.byteLength(svg)} bytes`);
await prometheus.close();
await gateway.close();
process.exit();
