/** The table of what optional features cost. */
import type { MeasuredFeatures } from "../features.ts";
import type { Measured } from "../measure.ts";
import { number, table, withSpread } from "./markdown.ts";
import { ratios, spread } from "./statistics.ts";
import { column } from "./workload-table.ts";

export const featuresTable = ({ title, measured }: MeasuredFeatures): string =>
  table(
    [title, "CPU ms/request", "× none", "p50 ms", "RSS MB (peak)"],
    measured.map((one) => [
      one.contestant.title,
      withSpread(spread(column(one, "cpuMs"))),
      measured[0] ? withSpread(ratios(column(one, "cpuMs"), column(measured[0], "cpuMs"))) : "–",
      number(spread(column(one, "p50Ms")).median),
      memoryOf(one),
    ]),
  );

const memoryOf = ({ memory }: Measured): string => `${memory.rssMb.toFixed(0)} (${memory.peakMb.toFixed(0)})`;
