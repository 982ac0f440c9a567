/** Metrics of requests that are rejected because they exceed a limit. */
import { Counter, type Registry } from "prom-client";
import { LIMIT_NAMES, type ObserveLimit } from "../model/limits.ts";
import { PREFIX } from "./prefix.ts";

export function createLimitMetrics(registry: Registry): ObserveLimit {
  const rejections = new Counter({
    name: `${PREFIX}limit_rejections_total`,
    help: "Requests that were rejected because they exceed a limit, by the name of the limit.",
    labelNames: ["limit"],
    registers: [registry],
  });
  for (const limit of LIMIT_NAMES) rejections.inc({ limit }, 0);
  return (limit) => rejections.inc({ limit });
}
