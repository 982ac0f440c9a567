/** The Dockerfile as data: its stages and their instructions. */
import { readFileSync } from "node:fs";
import { ROOT } from "./readme.ts";

export interface Instruction {
  /** In upper case. */
  readonly keyword: string;
  /** On one line, without line continuations. */
  readonly text: string;
}

/** Instructions by stage, each stage from its `FROM` on. */
export function readDockerfile(): readonly (readonly Instruction[])[] {
  const lines = readFileSync(new URL("Dockerfile", ROOT), "utf8")
    .split("\n")
    .filter((line) => !/^\s*(#|$)/.test(line));
  const stages: Instruction[][] = [];
  for (const line of lines
    .join("\n")
    .replace(/\\\n\s*/g, "")
    .split("\n")) {
    const [, keyword = "", text = ""] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    if (keyword.toUpperCase() === "FROM") stages.push([]);
    stages.at(-1)?.push({ keyword: keyword.toUpperCase(), text });
  }
  return stages;
}

/** The texts of all instructions with this keyword. */
export const textsOf = (stage: readonly Instruction[], keyword: string): readonly string[] =>
  stage.filter((each) => each.keyword === keyword).map(({ text }) => text);

/** `KEY=value` pairs of the instructions with this keyword; a value may be in double quotes. */
export const pairsIn = (stage: readonly Instruction[], keyword: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    textsOf(stage, keyword).flatMap((text) =>
      [...text.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S*))/g)].map(([, key, quoted, bare]) => [
        key,
        quoted ?? bare ?? "",
      ]),
    ),
  );
