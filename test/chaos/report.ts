/** What the chaos has done and found. */

interface Violation {
  /** The rule that does not hold. */
  readonly what: string;
  /** What it was found in: the request, the response, the call. */
  readonly details: unknown;
}

export interface Report {
  readonly count: (group: string, name: string) => void;
  /** A line of its own. */
  readonly note: (text: string) => void;
  readonly violate: (what: string, details: unknown) => void;
  readonly violations: readonly Violation[];
  readonly describe: () => string;
}

/** After so many, the rest would be no news. */
export const MAX_VIOLATIONS = 20;
const MAX_DETAILS = 2_000;

/** @param onViolation called for each violation immediately, because a run can take long */
export function createReport(onViolation: (text: string) => void): Report {
  const groups = new Map<string, Map<string, number>>();
  const violations: Violation[] = [];
  const notes: string[] = [];
  const startedAt = performance.now();

  const count: Report["count"] = (group, name) => {
    const counts = groups.get(group) ?? new Map<string, number>();
    groups.set(group, counts);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  };

  const violate: Report["violate"] = (what, details) => {
    count("violations", what);
    if (violations.length >= MAX_VIOLATIONS) return;
    violations.push({ what, details });
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    onViolation(`VIOLATION after ${seconds} s: ${what}\n  ${JSON.stringify(details).slice(0, MAX_DETAILS)}`);
  };

  const describe = () => {
    const lines = [...groups]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([group, counts]) => {
        const total = [...counts.values()].reduce((sum, value) => sum + value, 0);
        const parts = [...counts]
          .toSorted(([, a], [, b]) => b - a)
          .map(([name, value]) => `${name} ${value}`);
        return `${group}: ${total} (${parts.join(", ")})`;
      });
    return [...lines, ...notes].join("\n");
  };

  return {
    count,
    note: (text) => void notes.push(text),
    violate,
    violations,
    describe,
  };
}
