/** Calls in flight that several may wait for. A call that nobody waits for any more is ended. */

export interface Flights<T> {
  /** The result of the call that is under way for `key`; null when there is none. */
  readonly join: (key: string, signal: AbortSignal) => Promise<T> | null;
  /**
   * Makes a call that others can join.
   * @param signal the first waiter's: when it aborts, that waiter gets its reason, and the call goes on for others.
   * @param call gets a signal that aborts when nobody waits.
   */
  readonly start: (key: string, signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>) => Promise<T>;
}

interface Flight<T> {
  readonly result: Promise<T>;
  readonly end: AbortController;
  waiters: number;
}

export function createFlights<T>(): Flights<T> {
  const flights = new Map<string, Flight<T>>();

  const leave = (key: string, flight: Flight<T>): void => {
    if (flights.get(key) === flight) flights.delete(key);
  };

  const wait = (key: string, flight: Flight<T>, signal: AbortSignal): Promise<T> =>
    new Promise((resolve, reject) => {
      flight.waiters += 1;
      const onAbort = () => {
        reject(signal.reason);
        flight.waiters -= 1;
        if (flight.waiters > 0) return;
        // Nobody may join what is being ended.
        leave(key, flight);
        flight.end.abort(signal.reason);
      };
      if (signal.aborted) return onAbort();
      signal.addEventListener("abort", onAbort);
      const onDone = () => {
        signal.removeEventListener("abort", onAbort);
        leave(key, flight);
      };
      flight.result.then(
        (result) => {
          onDone();
          resolve(result);
        },
        (error) => {
          onDone();
          reject(error);
        },
      );
    });

  const start: Flights<T>["start"] = (key, signal, call) => {
    const end = new AbortController();
    const flight: Flight<T> = { result: call(end.signal), end, waiters: 0 };
    flights.set(key, flight);
    return wait(key, flight, signal);
  };

  const join: Flights<T>["join"] = (key, signal) => {
    const flight = flights.get(key);
    return flight ? wait(key, flight, signal) : null;
  };

  return { join, start };
}
