/** Shutdown of the process by SIGTERM and SIGINT, in two phases: a delay in which requests are served, then the end. */

export interface ShutdownOptions {
  /** How long requests are still served after the first signal, in milliseconds. */
  readonly delayMs: number;
  /** Called at the first signal: load balancers learn that the instance is leaving. */
  readonly announce: (signal: NodeJS.Signals) => void;
  /** Called after the delay. When it resolves, the process ends. */
  readonly close: () => Promise<void>;
  readonly describeError: (error: unknown) => string;
}

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/**
 * Shuts down at the first signal. A second one ends the delay. After the delay, a signal has its default effect: it ends
 * the process immediately. Exits with code 0, or with code 1 if `close` rejects.
 */
export function shutDownOnSignal({ delayMs, announce, close, describeError }: ShutdownOptions): void {
  const { promise: delayed, resolve: endDelay } = Promise.withResolvers<void>();
  let isShuttingDown = false;

  const shutDown = async (signal: NodeJS.Signals) => {
    announce(signal);
    if (delayMs > 0) {
      setTimeout(endDelay, delayMs);
      await delayed;
    }
    for (const signal of SIGNALS) process.off(signal, onSignal);
    await close();
  };

  const onSignal = (received: NodeJS.Signals) => {
    if (isShuttingDown) return endDelay();
    isShuttingDown = true;
    void endProcess(() => shutDown(received), describeError);
  };

  for (const signal of SIGNALS) process.on(signal, onSignal);
}

/** Shuts down and exits with code 0, or with code 1 if `shutDown` rejects. */
export async function endProcess(
  shutDown: () => Promise<void>,
  describeError: ShutdownOptions["describeError"],
): Promise<never> {
  try {
    await shutDown();
    return process.exit(0);
  } catch (error) {
    process.stderr.write(`Shutdown failed: ${describeError(error)}\n`);
    return process.exit(1);
  }
}
