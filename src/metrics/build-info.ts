/** A metric with the versions of the gateway and of Node.js, to see which instances run which version. */
import { Gauge, type Registry } from "prom-client";
import { readVersion } from "../model/version.ts";
import { PREFIX } from "./prefix.ts";

export function addBuildInfo(registry: Registry): void {
  const gauge = new Gauge({
    name: `${PREFIX}build_info`,
    help: "Always 1. The labels are the versions of the gateway and of Node.js.",
    labelNames: ["version", "node"],
    registers: [registry],
  });
  gauge.set({ version: readVersion(), node: process.versions.node }, 1);
}
