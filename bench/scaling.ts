/** Cost as jobs grow: all host fields, from 10 hosts to 50 000. */
import { FLOOR, GATEWAY } from "./catalogue.ts";
import { type Measured, measure, type RunOptions } from "./measure.ts";
import { allHosts, type Upstream } from "./workloads.ts";

export interface ScalingPoint {
  readonly hosts: number;
  readonly measured: readonly Measured[];
}

/** Requests of a round: about as much work at every size. */
const SIZES = [
  { hosts: 10, requests: 4_000 },
  { hosts: 100, requests: 2_000 },
  { hosts: 1_000, requests: 500 },
  { hosts: 10_000, requests: 60 },
  { hosts: 50_000, requests: 15 },
];

export async function measureScaling(upstream: Upstream, options: RunOptions): Promise<ScalingPoint[]> {
  const points: ScalingPoint[] = [];
  for (const { hosts, requests } of SIZES) {
    const workload = {
      name: `scaling-${hosts}`,
      title: `${hosts} hosts`,
      ask: allHosts(hosts),
      isHot: false,
      goal: null,
      servers: [FLOOR, GATEWAY],
      connections: 2,
      requests,
      maxMs: 2_500,
      warmUp: requests,
    } as const;
    points.push({ hosts, measured: await measure(workload, upstream, options) });
  }
  return points;
}
