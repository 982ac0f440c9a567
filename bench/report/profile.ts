/** The functions of a CPU profile with the most self time. */
import { readFileSync } from "node:fs";
import { number, table } from "./markdown.ts";

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  /** Microseconds. */
  readonly timeDeltas: readonly number[];
}

const SHOWN = 25;

/** @param path of a `.cpuprofile` as Node.js writes it. */
export function profileTable(path: string): string {
  // The format that V8 documents.
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(path, "utf8")) as Profile;
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? "";
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  }
  times.delete("(idle)");
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  const rows = [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([name, time]) => [`\`${name}\``, number(time / 1_000), `${((time / total) * 100).toFixed(1)} %`]);
  return table(["function", "self ms", "of busy time"], rows);
}

function nameOf({ functionName, url, lineNumber }: Profile["nodes"][number]["callFrame"]): string {
  const file = url.split("/").slice(-3).join("/");
  return `${functionName || "(anonymous)"}${file && ` ${file}:${lineNumber + 1}`}`;
}
