/** Draws a dashboard of Grafana as SVG, in the colors that the reader prefers: light or dark. */
import type { Panel } from "./dashboard.ts";
import type { Series } from "./prometheus-server.ts";

interface DrawnSeries {
  readonly name: string;
  readonly points: Series["points"];
}

export interface DrawnPanel {
  readonly panel: Panel;
  readonly series: readonly DrawnSeries[];
}

export interface Picture {
  readonly title: string;
  /** What the data is. */
  readonly note: string;
  readonly panels: readonly DrawnPanel[];
  /** In seconds. */
  readonly start: number;
  readonly end: number;
}

const WIDTH = 1_200;
const COLUMN = WIDTH / 24;
const [ROW, HEADER, GAP] = [24, 58, 4];
const LEGEND_LINE = 15;
const MAX_LEGEND_LINES = 3;
/** Average width of a character of the legend. */
const CHARACTER = 6.3;

/** For dark and for light backgrounds. */
const COLORS: readonly (readonly [dark: string, light: string])[] = [
  ["#73bf69", "#37872d"],
  ["#5794f2", "#1f60c4"],
  ["#f2cc0c", "#b38f00"],
  ["#ff9830", "#d9661f"],
  ["#f2495c", "#c4162a"],
  ["#b877d9", "#8f3bb8"],
  ["#6ed0e0", "#1f8a99"],
  ["#e5a8e2", "#a3549f"],
  ["#a8b1bd", "#6b7480"],
  ["#c8b38a", "#806b3f"],
  ["#96d98d", "#4f9e45"],
  ["#8ab8ff", "#4a7fd1"],
];

const style = (theme: 0 | 1, [background, panel, line, text, faint]: readonly string[]): string =>
  [
    `.b{fill:${background}}.p{fill:${panel};stroke:${line}}.g{stroke:${line}}text{fill:${text}}.f{fill:${faint}}`,
    ...COLORS.map((color, index) => `.s${index}{stroke:${color[theme]}}`),
  ].join("");

const STYLE = [
  "path{fill:none;stroke-width:1.5;stroke-linejoin:round}.t{font-weight:600}.h{font-size:14px;font-weight:600}.k{stroke-width:3}",
  style(1, ["#f4f5f5", "#ffffff", "#e1e4e8", "#24292f", "#626a73"]),
  `@media(prefers-color-scheme:dark){${style(0, ["#111217", "#181b1f", "#2c3036", "#d8dae0", "#9298a3"])}}`,
].join("");

export function dashboardSvg({ title, note, panels, start, end }: Picture): string {
  const rows = Math.max(...panels.map(({ panel: { gridPos } }) => gridPos.y + gridPos.h));
  const height = HEADER + rows * ROW + GAP;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif" font-size="11">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${STYLE}</style>`,
    '<rect class="b" width="100%" height="100%"/>',
    `<text x="12" y="25" font-size="18" font-weight="600">${escapeXml(title)}</text>`,
    `<text class="f" x="12" y="44">${escapeXml(note)}</text>`,
    ...panels.map((drawn) => drawPanel(drawn, start, end)),
    "</svg>",
    "",
  ].join("\n");
}

function drawPanel({ panel, series }: DrawnPanel, start: number, end: number): string {
  const { x, y, w, h } = panel.gridPos;
  const [left, top] = [x * COLUMN + GAP, HEADER + y * ROW + GAP / 2];
  const [width, height] = [w * COLUMN - GAP * 2, h * ROW - GAP];
  const title = escapeXml(panel.title);
  if (panel.type === "row") return `<text class="h" x="${left + 8}" y="${top + 15}">${title}</text>`;
  const unit = panel.fieldConfig?.defaults.unit ?? "short";
  const legend = layOutLegend(series, width - 20);
  const legendHeight = (legend.at(-1)?.line ?? 0) * LEGEND_LINE + LEGEND_LINE;
  const plot = { left: 48, top: 30, width: width - 62, height: height - 30 - 24 - legendHeight };
  const ticks = niceTicks(
    Math.max(0, ...series.flatMap(({ points }) => points.map(([, value]) => value))),
    unit,
  );
  const max = ticks.at(-1) ?? 1;
  const toX = (time: number) => plot.left + ((time - start) / (end - start)) * plot.width;
  const toY = (value: number) => plot.top + plot.height * (1 - value / max);
  return [
    `<g transform="translate(${left} ${top})">`,
    `<rect class="p" width="${width}" height="${height}" rx="3"/>`,
    `<text class="t" x="10" y="18">${title}</text>`,
    ...ticks.map((tick) => {
      const at = round(toY(tick));
      return `<path class="g" d="M${plot.left} ${at}h${plot.width}"/><text class="f" x="${plot.left - 6}" y="${round(at + 4)}" font-size="10" text-anchor="end">${formatValue(tick, unit, ticks)}</text>`;
    }),
    ...timeTicks(start, end).map(
      ([time, text]) =>
        `<text class="f" x="${round(toX(time))}" y="${plot.top + plot.height + 15}" font-size="10" text-anchor="middle">${text}</text>`,
    ),
    ...series.map(({ points }, index) => `<path class="${colorOf(index)}" d="${pathOf(points, toX, toY)}"/>`),
    ...(series.length === 0
      ? [`<text class="f" x="${width / 2}" y="${height / 2}" text-anchor="middle">No data</text>`]
      : []),
    ...legend.map(({ name, at, line }, index) => {
      const base = height - legendHeight + line * LEGEND_LINE + 6;
      return `<path class="${colorOf(index)} k" d="M${at + 10} ${base - 4}h10"/><text x="${at + 24}" y="${base}">${escapeXml(name)}</text>`;
    }),
    "</g>",
  ].join("\n");
}

const colorOf = (index: number): string => `s${index % COLORS.length}`;

interface LegendEntry {
  readonly name: string;
  readonly at: number;
  readonly line: number;
}

/** Positions of the names. Those that do not fit are left out, as Grafana's legend scrolls. */
function layOutLegend(series: readonly DrawnSeries[], width: number): readonly LegendEntry[] {
  const entries: LegendEntry[] = [];
  let [at, line] = [0, 0];
  for (const { name } of series) {
    const size = 34 + name.length * CHARACTER + (name.match(/[A-Z_]/g)?.length ?? 0);
    if (at > 0 && at + size > width) [at, line] = [0, line + 1];
    if (line >= MAX_LEGEND_LINES) break;
    entries.push({ name, at, line });
    at += size;
  }
  return entries;
}

/** About four round values from zero to at least `max`: multiples of 1, 2 or 5 times a power of the unit's base. */
function niceTicks(max: number, unit: string): readonly number[] {
  const raw = max > 0 ? max / 3 : 1;
  const base = unit.startsWith("bytes") ? 1024 ** Math.max(0, Math.floor(Math.log(raw) / Math.log(1024))) : 1;
  const power = base * 10 ** Math.floor(Math.log10(raw / base));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= raw) ?? raw;
  const count = Math.max(1, Math.ceil(max / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}

/** Begin, middle and end of the time, as minutes from the begin. */
const timeTicks = (start: number, end: number): readonly (readonly [number, string])[] =>
  [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const seconds = Math.round((end - start) * share);
    const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    return [start + seconds, text];
  });

const UNITS: Readonly<Record<string, readonly [factor: number, suffix: string]>> = {
  s: [1, " s"],
  percentunit: [100, " %"],
  ops: [1, "/s"],
  reqps: [1, "/s"],
};
const BYTES = ["B", "KiB", "MiB", "GiB"];

/** @param ticks of the axis, which decide the prefix of the unit and the number of decimals */
function formatValue(value: number, unit: string, ticks: readonly number[]): string {
  const [, step = 1] = ticks;
  const max = ticks.at(-1) ?? 1;
  if (unit === "bytes" || unit === "Bps") {
    const base = unit === "bytes" ? 1024 : 1000;
    const power = Math.min(3, Math.max(0, Math.floor(Math.log(max * 1.001) / Math.log(base))));
    const name = unit === "bytes" ? BYTES[power] : ["B/s", "kB/s", "MB/s", "GB/s"][power];
    return value === 0 ? "0" : `${decimal(value / base ** power, step / base ** power)} ${name}`;
  }
  if (unit === "s" && max < 1) return value === 0 ? "0" : `${decimal(value * 1_000, step * 1_000)} ms`;
  const [factor, suffix] = UNITS[unit] ?? [1, ""];
  if (factor === 1 && max >= 2_000)
    return value === 0 ? "0" : `${decimal(value / 1_000, step / 1_000)}k${suffix}`;
  return value === 0 ? "0" : `${decimal(value * factor, step * factor)}${suffix}`;
}

const decimal = (value: number, step: number): string =>
  value.toFixed(Math.max(0, Math.min(3, Math.ceil(-Math.log10(step) - 1e-9))));

/** Relative coordinates with one decimal. */
function pathOf(
  points: Series["points"],
  toX: (time: number) => number,
  toY: (value: number) => number,
): string {
  let [x, y] = [0, 0];
  let last = Number.NaN;
  const gap = Math.min(...points.slice(1).map(([time], index) => time - (points[index]?.[0] ?? 0)));
  return points
    .map(([time, value]) => {
      const command = time - last <= gap * 1.5 ? "l" : "m";
      const [nextX, nextY] = [tenths(toX(time)), tenths(toY(value))];
      const step = `${command}${compact(nextX - x)}${nextY - y < 0 ? "" : " "}${compact(nextY - y)}`;
      [x, y, last] = [nextX, nextY, time];
      return step;
    })
    .join("");
}

const tenths = (value: number): number => Math.round(value * 10);
const compact = (value: number): string => String(value / 10).replace(/^(-?)0\./, "$1.");
const round = (value: number): number => Math.round(value * 10) / 10;

const escapeXml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
