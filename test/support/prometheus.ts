/** Reads metrics as Prometheus does: fetches the page and parses the text format. */

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface MetricFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

export interface Scrape {
  readonly text: string;
  readonly contentType: string | null;
  /** By name, without the suffixes of histograms. */
  readonly families: ReadonlyMap<string, MetricFamily>;
  /** The sum of the samples of this name that have these labels; 0 if there are none. */
  readonly sum: (name: string, labels?: Readonly<Record<string, string>>) => number;
}

/** @param url of the metrics, or of the GraphQL endpoint on the same port */
export async function scrape(url: string): Promise<Scrape> {
  const response = await fetch(new URL("/metrics", url));
  const text = await response.text();
  if (response.status !== 200) throw new Error(`Expected metrics, got HTTP ${response.status}: ${text}`);
  const families = parse(text);
  const samples = [...families.values()].flatMap((family) => family.samples);
  return {
    text,
    contentType: response.headers.get("content-type"),
    families,
    sum: (name, labels = {}) =>
      samples
        .filter((sample) => sample.name === name)
        .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
        .reduce((sum, { value }) => sum + value, 0),
  };
}

const HELP = /^# HELP ([a-zA-Z_:][\w:]*) (.+)$/;
const TYPE = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary)$/;
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\["\\n])*)"(,|$)/gy;

/** @throws for a line that is not valid, a sample without a type, and a sample that occurs twice */
function parse(text: string): ReadonlyMap<string, MetricFamily> {
  const families = new Map<string, { type: string; help: string; samples: Sample[] }>();
  const seen = new Set<string>();
  let help: readonly [name: string, text: string] = ["", ""];
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const [, helpName, helpText] = HELP.exec(line) ?? [];
    const [, typeName, type] = TYPE.exec(line) ?? [];
    if (helpName && helpText) help = [helpName, helpText];
    else if (typeName && type) {
      if (help[0] !== typeName || families.has(typeName)) throw new Error(`Unexpected line: ${line}`);
      families.set(typeName, { type, help: help[1], samples: [] });
    } else {
      const sample = parseSample(line);
      const family =
        families.get(sample.name) ?? families.get(sample.name.replace(/_(bucket|sum|count)$/, ""));
      const series = line.slice(0, line.lastIndexOf(" "));
      if (!family || seen.has(series)) throw new Error(`Unexpected sample: ${line}`);
      seen.add(series);
      family.samples.push(sample);
    }
  }
  return families;
}

function parseSample(line: string): Sample {
  const [, name, labelText = "", value] = SAMPLE.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`Expected a sample, got ${line}`);
  const labels = [...labelText.matchAll(LABEL)];
  if (labels.map(([label]) => label).join("") !== labelText) throw new Error(`Invalid labels: ${line}`);
  // Prometheus reads numbers as Go does: in any case.
  const number = value === "+Inf" ? Infinity : Number(value.replace(/^nan$/i, "NaN"));
  if (Number.isNaN(number) && value.toLowerCase() !== "nan")
    throw new Error(`Expected a number, got ${line}`);
  return {
    name,
    labels: Object.fromEntries(labels.map(([, key = "", text = ""]) => [key, text])),
    value: number,
  };
}
