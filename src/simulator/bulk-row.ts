/** Plain rows of bulk jobs: hosts that succeed, and every 20th that fails. */
import { SCRIPT } from "./build-job.ts";
import { host, outcome, type Say } from "./hosts.ts";
import type { Row } from "./job.ts";

/** When bulk jobs are created. */
export const BULK_START = Date.UTC(2026, 2, 10, 2);
/** When they start and end. */
export const BULK_RAN = [BULK_START + 50, BULK_START + 180_000] as const;

/** Of every 200 hosts ten fail, in these groups. */
const FAILURES: readonly (Say & { readonly status: number; readonly hosts: number })[] = [
  { status: 104, tag: "disk full", exitCode: 1, hosts: 4 },
  { status: 104, tag: "port in use", exitCode: 98, hosts: 2 },
  { status: 104, exitCode: 127, hosts: 1 },
  { status: 13, exitCode: 124, hosts: 1 },
  { status: 11, tag: "lock held", exitCode: 255, hosts: 1 },
  { status: 1, hosts: 1 },
];
const FAILING = FAILURES.flatMap((failure) => Array.from({ length: failure.hosts }, () => failure));

/** Every 20th host fails, with the next of the failures. */
export function bulkRow(index: number): Row {
  const failure = index % 20 === 19 ? FAILING[((index - 19) / 20) % FAILING.length] : undefined;
  const start = BULK_RAN[0] + (index % 1_000);
  const took = 2_000 + ((index * 7_919) % 170_000);
  return {
    target: { host: host(10_000 + index) },
    outcome: outcome(SCRIPT, failure?.status ?? 9, [start, start + took], failure),
  };
}
