/** The table of faults. */
import type { JobEntry } from "./call.ts";

export const FAULTS: readonly JobEntry[] = [];
