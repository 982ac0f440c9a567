/** docs/grafana-dashboard.json as data, with the variables of Grafana replaced. */
import { readFileSync } from "node:fs";
import { ROOT } from "../support/readme.ts";

interface Target {
  readonly expr: string;
  readonly legendFormat: string;
}

export interface Panel {
  readonly type: string;
  readonly title: string;
  /** In a grid of 24 columns. */
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly Target[];
}

interface Dashboard {
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

export const readDashboard = (): Dashboard =>
  // The format of Grafana, of which the tests of the page check the rest.
  JSON.parse(readFileSync(new URL("docs/grafana-dashboard.json", ROOT), "utf8")) as Dashboard;

/**
 * An expression as Grafana sends it to Prometheus, for all jobs and instances.
 * @param rateInterval a duration such as `1m`; Grafana's is at least four scrape intervals
 * @throws for a variable that is not known
 */
export function withoutVariables(expression: string, rateInterval: string): string {
  const values: Record<string, string> = {
    $job: ".*",
    $instance: ".*",
    $__rate_interval: rateInterval,
    $__interval: rateInterval,
    $__range: "1h",
  };
  return expression.replace(/\$\w+/g, (name) => {
    const value = values[name];
    if (value === undefined) throw new Error(`Expected a known variable, got ${name} in ${expression}`);
    return value;
  });
}
