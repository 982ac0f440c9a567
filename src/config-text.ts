/** Finds the text of a setting: in its variable, or for a secret in the file that the variable `<NAME>_FILE` names. */
import { readFileSync } from "node:fs";

export type Environment = Readonly<Record<string, string | undefined>>;

export type ConfigText =
  /** `text` is empty if the setting has no value. `file` is the path of the file with the text, or null. */
  | { readonly text: string; readonly file: string | null }
  /** Names the setting and the path, but never the content of a file. */
  | { readonly error: string };

/** @param isSecret whether the value may come from a file */
export function readConfigText(environment: Environment, name: string, isSecret: boolean): ConfigText {
  const text = variableOf(environment, name)?.trim() ?? "";
  const path = isSecret ? (environment[fileVariable(name)]?.trim() ?? "") : "";
  if (path === "") return { text, file: null };
  const shown = JSON.stringify(path);
  if (text !== "") {
    return { error: `${fileVariable(name)}: expected no value, because ${name} has one, got ${shown}.` };
  }
  try {
    // A byte order mark is removed. Other encodings than UTF-8 would give a wrong secret, so they are errors.
    const content = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
    const value = content.replace(/\r?\n$/, "");
    return value.trim() === ""
      ? { error: `${fileVariable(name)}: expected a file with a value, got an empty file, ${shown}.` }
      : { text: value, file: path };
  } catch (error) {
    // The message of the error may contain other things; its code, such as ENOENT, does not.
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    return { error: `${fileVariable(name)}: expected a readable file in UTF-8, got ${code} for ${shown}.` };
  }
}

/** The variable that has a value for the setting: its own, or the one that names a file. Null if there is none. */
export function sourceOf(environment: Environment, name: string, isSecret: boolean): string | null {
  if (variableOf(environment, name)?.trim()) return name;
  return isSecret && environment[fileVariable(name)]?.trim() ? fileVariable(name) : null;
}

export const fileVariable = (name: string): string => `${name}_FILE`;

/**
 * Proxy variables may also have lower-case names, and those of OpenTelemetry exporters names for traces only. These take
 * precedence, as in other programs. The endpoint for traces is a setting of its own, because its path is complete.
 */
function variableOf(environment: Environment, name: string): string | undefined {
  if (name.endsWith("_PROXY")) return environment[name.toLowerCase()] ?? environment[name];
  const forTraces = environment[name.replace(/^OTEL_EXPORTER_OTLP_(?!ENDPOINT$|TRACES_)/, "$&TRACES_")];
  return forTraces?.trim() ? forTraces : environment[name];
}
