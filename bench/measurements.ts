/**
 * Measurements in a file, part by part: a complete run takes an hour, and can be interrupted and continued. They belong to
 * one commit and to one choice of options.
 */
import { readFileSync, writeFileSync } from "node:fs";

/** Measures a part, unless the file has its measurements. */
export type MeasureOnce = <T>(part: string, measure: () => Promise<T>) => Promise<T>;

/** Measures every part. */
export const measureAll: MeasureOnce = (_part, measure) => measure();

/**
 * @param path of the file. It is replaced if it has measurements of another run.
 * @param run the commit and the options that the measurements depend on
 */
export function continueMeasurements(path: string, run: string): MeasureOnce {
  const stored = read(path);
  const parts: Record<string, unknown> = stored.run === run ? stored.parts : {};
  return async <T>(part: string, measure: () => Promise<T>) => {
    // What was stored is what `measure` returned: plain data.
    if (part in parts) return parts[part] as T;
    const measured = await measure();
    parts[part] = measured;
    writeFileSync(path, JSON.stringify({ run, parts }));
    return measured;
  };
}

interface Stored {
  readonly run: string | null;
  readonly parts: Record<string, unknown>;
}

function read(path: string): Stored {
  try {
    // Only this module writes the file.
    return JSON.parse(readFileSync(path, "utf8")) as Stored;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return { run: null, parts: {} };
    throw error;
  }
}
