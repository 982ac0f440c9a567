/** Times that continue between updates. */
import { useEffect, useState } from "preact/hooks";

/** The current time by `performance.now()`, updated every second while it is needed. */
export function useNow(isNeeded: boolean): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    setNow(performance.now());
    if (!isNeeded) return;
    const timer = setInterval(() => setNow(performance.now()), 1_000);
    return () => clearInterval(timer);
  }, [isNeeded]);
  return now;
}

interface Timed {
  readonly isFinished: boolean;
  readonly durationMs: number | null;
  readonly elapsedMs: number | null;
}

/** Elapsed time of a job or step in milliseconds. Null before it starts. */
export function elapsedAt(
  { isFinished, durationMs, elapsedMs }: Timed,
  { receivedAt, now }: { readonly receivedAt: number; readonly now: number },
): number | null {
  if (isFinished) return durationMs ?? elapsedMs;
  return elapsedMs === null ? null : elapsedMs + Math.max(0, now - receivedAt);
}
