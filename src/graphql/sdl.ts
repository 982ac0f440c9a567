/** The SDL: `schema/*.graphql`, which is packaged beside the code. */
import { readdirSync, readFileSync } from "node:fs";

/** The files, by name, as one text. */
export function readSdl(): string {
  const folder = new URL("../../schema/", import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".graphql"))
    .sort()
    .map((name) => readFileSync(new URL(name, folder), "utf8"))
    .join("\n");
}
