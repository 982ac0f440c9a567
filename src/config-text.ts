/** Finds the text of a setting: in its variable, or for a secret in the file that the variable `<NAME>_FILE` names. */
import { readFileSync } from "node:fs";

export type Environment = Readonly<Record<string, string | undefined>>;

export type ConfigText =
  /**
   * `text` is empty if the setting has no value. `variable` has the text, or names the file with it, whose path is `file`.
   * Without a file, `file` is null.
   */
  | { readonly text: string; readonly variable: string; readonly file: string | null }
  /** Names the setting and the path, but never the content of a file. */
  | { readonly error: string };

/** @param isSecret whether the value may come from a file */
export function readConfigText(environment: Environment, name: string, isSecret: boolean): ConfigText {
  const variable = variableOf(environment, name);
  const text = environment[variable]?.trim() ?? "";
  const fileName = isSecret ? fileVariableOf(environment, name) : null;
  if (fileName === null) return { text, variable, file: null };
  const path = environment[fileName]?.trim() ?? "";
  const shown = JSON.stringify(path);
  if (text !== "") {
    return { error: `${fileName}: expected no value, because ${variable} has one, got ${shown}.` };
  }
  try {
    // A byte order mark is removed. Other encodings than UTF-8 would give a wrong secret, so they are errors.
    const content = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
    const value = content.replace(/\r?\n$/, "");
    return value.trim() === ""
      ? { error: `${fileName}: expected a file with a value, got an empty file, ${shown}.` }
      : { text: value, variable: fileName, file: path };
  } catch (error) {
    // The message of the error may contain other things; its code, such as ENOENT, does not.
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    return { error: `${fileName}: expected a readable file in UTF-8, got ${code} for ${shown}.` };
  }
}

/** The variable that has a value for the setting: its own, or the one that names a file. Null if there is none. */
export function sourceOf(environment: Environment, name: string, isSecret: boolean): string | null {
  const variable = variableOf(environment, name);
  if (environment[variable]?.trim()) return variable;
  return isSecret ? fileVariableOf(environment, name) : null;
}

/** The variable that names a file with the value; null if there is none. */
function fileVariableOf(environment: Environment, name: string): string | null {
  const variables = [tracesVariable(name), name].map((each) => `${each}_FILE`);
  return variables.find((variable) => environment[variable]?.trim()) ?? null;
}

/**
 * Proxy variables may also have lower-case names, and those of OpenTelemetry exporters names for traces only. These take
 * precedence, as in other programs. The endpoint for traces is a setting of its own, because its path is complete.
 */
function variableOf(environment: Environment, name: string): string {
  if (name.endsWith("_PROXY"))
    return environment[name.toLowerCase()] === undefined ? name : name.toLowerCase();
  const forTraces = tracesVariable(name);
  return environment[forTraces]?.trim() ? forTraces : name;
}

/** The name of an exporter's variable for traces only. Other names are returned as they are. */
const tracesVariable = (name: string): string =>
  name.replace(/^OTEL_EXPORTER_OTLP_(?!ENDPOINT$|TRACES_)/, "$&TRACES_");
