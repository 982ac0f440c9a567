/** docs/operations.md and the Grafana dashboard use exactly the metrics that the gateway has. */
import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { useGateway } from "../support/gateway.ts";
import { type Scrape, scrape } from "../support/prometheus.ts";
import { blocksOf, pageOf, ROOT, tableOf } from "../support/readme.ts";

const PAGE = pageOf("docs/operations.md");
const DASHBOARD = readFileSync(new URL("docs/grafana-dashboard.json", ROOT), "utf8");

const useScrape = async (): Promise<Scrape> =>
  scrape((await useGateway({ config: { metrics: { port: null } } })).url);

const METRIC = /\b(?:bk_job_graphql|process|nodejs)_[a-z0-9_]+/g;

/** The names of metrics in a text, without the suffixes of histograms. */
function metricsIn(text: string, { families }: Scrape): readonly string[] {
  const names = [...text.matchAll(METRIC)].map(([name]) => {
    const base = name.replace(/_(bucket|sum|count)$/, "");
    return families.get(base)?.type === "histogram" ? base : name;
  });
  return [...new Set(names)];
}

it.each([
  ["the page", PAGE],
  ["the dashboard", DASHBOARD],
])("%s names only metrics that exist", async (_what, text) => {
  const result = await useScrape();
  const names = metricsIn(text, result);
  expect(names.length).toBeGreaterThan(15);
  expect(names.filter((name) => !result.families.has(name))).toEqual([]);
});

it("the page describes every metric", async () => {
  const result = await useScrape();
  const described = metricsIn(PAGE, result);
  expect([...result.families.keys()].filter((name) => !described.includes(name))).toEqual([]);
});

it("the dashboard shows every metric of the gateway", async () => {
  const result = await useScrape();
  const shown = metricsIn(DASHBOARD, result);
  const own = [...result.families.keys()].filter((name) => name.startsWith("bk_job_graphql_"));
  expect(own.filter((name) => !shown.includes(name))).toEqual([]);
});

/** The rows of a table of the page: name, type and labels of a metric. */
const ROWS = [...PAGE.matchAll(/^\| `(bk_job_graphql_\w+)` +\| (\w+) +\| ([^|]*)\|/gm)].map(
  ([, name = "", type = "", labels = ""]) => ({
    name,
    type,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
  }),
);

it("the page has the types and labels of the metrics", async () => {
  const gateway = await useGateway({ config: { metrics: { port: null } } });
  await gateway.ask(
    'query Labels { jobInstance(ref: { scopeId: "1", jobInstanceId: "100" }) { __typename } }',
  );
  await gateway.ask("{ nothing }");
  await expect.poll(async () => (await scrape(gateway.url)).sum("bk_job_graphql_operations_total")).toBe(2);
  const { families } = await scrape(gateway.url);
  const actual = ROWS.map(({ name }) => {
    const { type = "", samples = [] } = families.get(name) ?? {};
    const labels = Object.keys(samples[0]?.labels ?? {}).filter((label) => label !== "le");
    return { name, type, labels: labels.toSorted() };
  });
  expect(ROWS.length).toBe([...families.keys()].filter((name) => name.startsWith("bk_job_")).length);
  expect(actual).toEqual(ROWS.map((row) => ({ ...row, labels: row.labels.toSorted() })));
});

it("the page says what to do for each alert", () => {
  const rules = blocksOf("yaml").join("\n");
  const alerts = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name);
  const explained = tableOf("Alert", "What to do").flatMap(([names = ""]) => names.match(/\w+/g) ?? []);
  expect(alerts.length).toBeGreaterThan(5);
  expect(explained).toEqual(alerts);
});

it("the page lists every log message", () => {
  const texts = globSync("src/**/*.ts", { cwd: ROOT }).map((file) =>
    readFileSync(new URL(file, ROOT), "utf8"),
  );
  const calls = texts.flatMap((text) => [
    ...text.matchAll(
      /\b(?:log|logger|operationLogger)\??(?:\.\w+|\[[^\]]+\])\((?:[^;]*?[,}]\s*|\s*)(?:"([^"]+)"|`([^`]+)`),?\s*\);?/g,
    ),
  ]);
  const messages = calls.map(
    ([, text = "", template = ""]) => text || template.replaceAll(/\$\{[^}]+\}/g, "…"),
  );
  const listed = tableOf("Message", "Level", "Fields", "Meaning, and what to do").map(([message = ""]) =>
    message.replaceAll("`", ""),
  );
  const isListed = (message: string) =>
    listed.some((each) => (each.endsWith(". …") ? message.startsWith(each.slice(0, -1)) : message === each));
  expect(new Set(messages).size).toBeGreaterThan(10);
  expect(messages.filter((message) => !isListed(message))).toEqual([]);
});

it("the dashboard has a title, a unit and a query for each panel, which fill the grid", () => {
  interface Panel {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly gridPos: { readonly w: number; readonly y: number };
    readonly targets?: readonly { readonly expr: string }[];
  }
  const { panels } = JSON.parse(DASHBOARD) as { panels: readonly Panel[] };
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const { title, type, targets = [] } of panels) {
    expect(title).toMatch(/./);
    expect(targets.length > 0).toBe(type !== "row");
  }
  const widths = Map.groupBy(panels, ({ gridPos }) => gridPos.y)
    .values()
    .map((line) => line.reduce((sum, { gridPos }) => sum + gridPos.w, 0));
  expect(new Set(widths)).toEqual(new Set([24]));
});

it("the picture of the dashboard has every panel. To draw it: npm run dashboard", () => {
  const picture = readFileSync(new URL("docs/dashboard.svg", ROOT), "utf8");
  const { panels } = JSON.parse(DASHBOARD) as { panels: readonly { title: string }[] };
  const shown = [...picture.matchAll(/<text class="[th]"[^>]*>([^<]*)</g)].map(([, title]) => title);
  expect(shown).toEqual(panels.map(({ title }) => title));
  expect(picture).toContain("Grafana looks different.");
  expect(picture.length).toBeLessThan(150_000);
  expect(PAGE).toContain("(dashboard.svg)");
});
