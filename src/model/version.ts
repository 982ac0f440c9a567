/** The version of the gateway, from `package.json`. */
import { readFileSync } from "node:fs";

/** Reads the version. `package.json` is beside both `src` and `dist`. */
export function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return String(version);
}
