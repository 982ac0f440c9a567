/** Which settings the environment changes, for the log line at start. */
import { type Environment, readConfigText } from "./config-text.ts";
import { SETTINGS } from "./settings.ts";

/** @returns the names of all settings whose value is not the default; never their values, which may be secret. */
export function changedSettings(environment: Environment): readonly string[] {
  const changed = Object.entries(SETTINGS).filter(([name, setting]) => {
    const found = readConfigText(environment, name, "isSecret" in setting);
    return "error" in found || (found.text !== "" && found.text !== setting.default);
  });
  return changed.map(([name]) => name);
}
