/** Reads a process's CPU time, memory and command line from /proc (Linux). */
import { readFileSync } from "node:fs";

/** USER_HZ: /proc counts in hundredths of a second on every Linux. */
const TICK_MS = 10;

/** CPU time of all threads so far, user and system, in milliseconds; exact to 10. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the name in parentheses, which may contain spaces; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** The arguments that a process runs with. */
export const commandLine = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);

export interface Memory {
  readonly rssMb: number;
  /** Peak since the process started. */
  readonly peakMb: number;
}

export function memory(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mb = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1_024;
  return { rssMb: mb("VmRSS"), peakMb: mb("VmHWM") };
}
