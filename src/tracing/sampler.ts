/** Which traces are recorded, by the standard setting `OTEL_TRACES_SAMPLER`. */
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace";

/** The samplers of the OpenTelemetry specification that need no other service. */
export type SamplerName =
  | "always_on"
  | "always_off"
  | "traceidratio"
  | "parentbased_always_on"
  | "parentbased_always_off"
  | "parentbased_traceidratio";

const PARENT_BASED = "parentbased_";

/**
 * A parent-based sampler follows the decision of the client's `traceparent`, and decides only about traces that begin at
 * this gateway.
 * @param ratio of recorded traces, from 0 to 1, for the samplers with `traceidratio`
 */
export function createSampler(name: SamplerName, ratio: number): Sampler {
  if (name.startsWith(PARENT_BASED)) {
    return new ParentBasedSampler({ root: createRootSampler(name.slice(PARENT_BASED.length), ratio) });
  }
  return createRootSampler(name, ratio);
}

function createRootSampler(name: string, ratio: number): Sampler {
  if (name === "always_off") return new AlwaysOffSampler();
  return name === "traceidratio" ? new TraceIdRatioBasedSampler(ratio) : new AlwaysOnSampler();
}
