/**
 * The cost of irregular rows: compares bodies in which one row in a hundred, or every row, has one irregularity with
 * the same body without it. If an irregularity makes the decoder use a slower path, the ratio is far above the floor's.
 */
import type { BulkRowsKind } from "../src/simulator/bulk-jobs.ts";
import { ROW_KINDS, type RowKind } from "../src/simulator/bulk-rows.ts";
import type { Dialect } from "../src/simulator/simulator.ts";
import { FLOOR, GATEWAY } from "./catalogue.ts";
import {
  createLoads,
  expectCorrect,
  type Runner,
  type RunOptions,
  runLoad,
  type Stage,
  withStage,
} from "./measure.ts";
import { cpuMs } from "./process/proc.ts";
import { type Ask, LARGE_ASK, OVERVIEW_ASK } from "./workloads.ts";

/** CPU time per request as a ratio to tidy rows, one for each round. */
export interface CliffRatios {
  /** Ratios with one irregular row in a hundred. Empty for kinds that apply to a whole body. */
  readonly some: readonly number[];
  readonly all: readonly number[];
}

/** One kind of irregularity. Ratios are null for servers that were not measured. */
export interface CliffPoint {
  readonly kind: RowKind;
  readonly w3: CliffRatios | null;
  readonly w4: CliffRatios | null;
  readonly floor: CliffRatios | null;
}

const TIDY: BulkRowsKind = { kind: "tidy", share: "all" };
const AMOUNT = { connections: 2, requests: 20, maxMs: 1_500 };

/** Kinds that apply to a whole body, not to a share of its rows. */
const WHOLE: ReadonlySet<RowKind> = new Set(["untidy", "white-space"]);

/** Every kind that is compared with tidy rows. */
export const CLIFF_KINDS = ROW_KINDS.filter((kind) => kind !== "tidy");

const kindsOf = (dialect: Dialect, wanted: readonly RowKind[]): RowKind[] =>
  // The documented form has no containers.
  wanted.filter((kind) => !(kind === "container" && dialect === "contract"));

const bodiesOf = (kind: RowKind): BulkRowsKind[] => [
  TIDY,
  ...(WHOLE.has(kind) ? [] : [{ kind, share: "some" } as const]),
  { kind, share: "all" },
];

/** @param onPoint called after every kind with a line of progress. */
export function measureCliff(
  dialect: Dialect,
  kinds: readonly RowKind[],
  options: RunOptions,
  onPoint: (line: string) => void,
): Promise<CliffPoint[]> {
  const servers = options.servers.filter((name) => name === FLOOR || name === GATEWAY);
  const use = { name: `cliff-${dialect}`, upstream: { dialect, rows: TIDY } };
  return withStage(use, { ...options, servers }, async (stage) => {
    const measure = createCliffMeasure(stage, options);
    const points: CliffPoint[] = [];
    for (const kind of kindsOf(dialect, kinds)) {
      const w3 = await measure(GATEWAY, kind, LARGE_ASK);
      const w4 = await measure(GATEWAY, kind, OVERVIEW_ASK);
      points.push({ kind, w3, w4, floor: await measure(FLOOR, kind, LARGE_ASK) });
      onPoint(`${dialect}, ${kind}: done`);
    }
    return points;
  });
}

function createCliffMeasure({ runners, startGenerator }: Stage, options: RunOptions) {
  const generator = startGenerator();
  const loadOf = createLoads(false);
  const amount = {
    ...AMOUNT,
    requests: options.requests ?? AMOUNT.requests,
    maxMs: Math.min(AMOUNT.maxMs, options.maxMs),
  };

  const prepare = async (runner: Runner, ask: Ask, rows: BulkRowsKind) => {
    const upstream = { ...runner.verified.upstream, rows };
    const irregular = { ...runner, verified: { ...runner.verified, upstream } };
    const expected = await expectCorrect(irregular, ask);
    const run = async () => {
      const before = cpuMs(runner.process.pid);
      const { requests } = await runLoad(generator, loadOf(irregular, ask, expected, amount));
      return (cpuMs(runner.process.pid) - before) / requests;
    };
    await run();
    return { rows, run, costs: [] as number[] };
  };

  return async (server: string, kind: RowKind, ask: Ask): Promise<CliffRatios | null> => {
    const runner = runners.find(({ contestant }) => contestant.name === server);
    if (!runner) return null;
    const bodies: Awaited<ReturnType<typeof prepare>>[] = [];
    for (const rows of bodiesOf(kind)) bodies.push(await prepare(runner, ask, rows));
    for (let round = 0; round < options.rounds; round += 1) {
      for (const { run, costs } of bodies) costs.push(await run());
    }
    const [tidy] = bodies;
    const ratiosOf = (share: BulkRowsKind["share"]) =>
      bodies
        .filter(({ rows }) => rows.kind === kind && rows.share === share)
        .flatMap(({ costs }) => costs.map((cost, round) => cost / (tidy?.costs[round] ?? Number.NaN)));
    return { some: ratiosOf("some"), all: ratiosOf("all") };
  };
}
