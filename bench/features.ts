/** What optional features of the gateway cost: the same server with one of them on, and with none. */
import { fileURLToPath } from "node:url";
import { type Contestant, variant } from "./catalogue.ts";
import { type Measured, measure, type RunOptions } from "./measure.ts";
import { startServer } from "./process/server-process.ts";
import { type Ask, allHosts, SMALL_ASK, type Upstream } from "./workloads.ts";

export interface MeasuredFeatures {
  readonly title: string;
  /** The first one has no feature on. */
  readonly measured: readonly Measured[];
}

const COLLECTOR = fileURLToPath(new URL("servers/collector.ts", import.meta.url));

/** @param collector URL of a collector of traces */
const featuresOfSmall = (collector: string): Contestant[] => {
  const metrics = { METRICS: "true" };
  const tracing = { OTEL_EXPORTER_OTLP_ENDPOINT: collector };
  const sampled = { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.01" };
  const rateLimit = { RATE_LIMIT_MAX: "1000000000" };
  const all = { ...metrics, ...tracing, ...sampled, ...rateLimit, COMPRESSION: "on" };
  return [
    variant("off", "none", {}),
    variant("metrics", "metrics", { settings: metrics }),
    variant("rate-limit", "rate limit", { settings: rateLimit }),
    variant("tracing-sampled", "tracing, 1 % of the traces", { settings: { ...tracing, ...sampled } }),
    variant("tracing", "tracing, all traces", { settings: tracing }),
    variant("compression", "compression, asked for by no client", { settings: { COMPRESSION: "on" } }),
    variant("all", "all of them, 1 % of the traces", { settings: all }),
  ];
};

const ENCODINGS = ["zstd", "br", "gzip"];

const ENCODED: readonly Contestant[] = [
  variant("off", "none", {}),
  ...ENCODINGS.map((acceptEncoding) =>
    variant(acceptEncoding, `compression: ${acceptEncoding}`, {
      settings: { COMPRESSION: "on" },
      acceptEncoding,
    }),
  ),
];

export async function measureFeatures(
  upstream: Upstream,
  options: RunOptions,
): Promise<readonly MeasuredFeatures[]> {
  const collector = await startServer({ args: [COLLECTOR], environment: {} });
  const run = async (
    title: string,
    ask: Ask,
    amount: { readonly requests: number; readonly warmUp: number },
    contestants: readonly Contestant[],
  ): Promise<MeasuredFeatures> => {
    const [first] = contestants;
    if (!first) throw new Error("Expected contestants.");
    const workload = {
      name: `features-${ask.hosts}`,
      title,
      ask,
      isHot: false,
      goal: null,
      servers: null,
      connections: 4,
      maxMs: 4_000,
      ...amount,
    } as const;
    return { title, measured: await measure(workload, upstream, options, contestants) };
  };
  try {
    return [
      await run(
        "A small job",
        SMALL_ASK,
        { requests: 4_000, warmUp: 4_000 },
        featuresOfSmall(collector.origin),
      ),
      await run("1 000 hosts, all host fields", allHosts(1_000), { requests: 500, warmUp: 300 }, ENCODED),
      await run("10 000 hosts, all host fields", allHosts(10_000), { requests: 60, warmUp: 40 }, ENCODED),
    ];
  } finally {
    await collector.stop();
  }
}
