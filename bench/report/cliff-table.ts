/** The cost of irregular rows as a ratio to tidy rows. */
import type { CliffPoint, CliffRatios } from "../cliff.ts";
import { table, withSpread } from "./markdown.ts";
import { spread } from "./statistics.ts";

const LIMITS = { some: 1.25, all: 2 } as const;

type Share = keyof typeof LIMITS;

/** Bold when above `limit`. */
function cell(ratios: CliffRatios | null, share: Share, limit = Number.POSITIVE_INFINITY): string {
  const values = ratios?.[share] ?? [];
  if (values.length === 0) return "–";
  const ratio = spread(values);
  return ratio.median > limit ? `**${withSpread(ratio)}**` : withSpread(ratio);
}

export function cliffTable(points: readonly CliffPoint[]): string {
  const head = [
    "W3: 1 % irregular",
    "W3: all irregular",
    "W4: 1 % irregular",
    "W4: all irregular",
    "floor: 1 % irregular",
    "floor: all irregular",
  ];
  return table(
    ["irregularity", ...head],
    points.map(({ kind, w3, w4, floor }) => [
      kind,
      ...[w3, w4].flatMap((ratios) => [cell(ratios, "some", LIMITS.some), cell(ratios, "all", LIMITS.all)]),
      cell(floor, "some"),
      cell(floor, "all"),
    ]),
  );
}

/** The kind of rows with the highest median ratio. Null when nothing was measured. */
export function worstCliff(
  points: readonly CliffPoint[],
  share: Share,
): { readonly kind: string; readonly ratio: number; readonly isMet: boolean; readonly limit: number } | null {
  const ratios = points.flatMap(({ kind, w3, w4 }) =>
    [w3, w4].flatMap((one) =>
      one && one[share].length > 0 ? [{ kind, ratio: spread(one[share]).median }] : [],
    ),
  );
  const [worst] = ratios.sort((a, b) => b.ratio - a.ratio);
  if (!worst) return null;
  const limit = LIMITS[share];
  return { ...worst, limit, isMet: worst.ratio <= limit };
}
