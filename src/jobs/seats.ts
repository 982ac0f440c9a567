/** How many may watch at one time. */

export interface SeatOptions {
  /** Most viewers at one time. */
  readonly maxViewers: number;
  /** Most of them with the same identity. */
  readonly maxViewersPerIdentity: number;
}

export interface Seats {
  /** @returns gives the seat up again; to be called once. @throws TooManyViewers */
  readonly take: (identity: string) => () => void;
}

/** More viewers than the gateway is set to take. */
export class TooManyViewers extends Error {
  override readonly name = "TooManyViewers";
}

export function createSeats({ maxViewers, maxViewersPerIdentity }: SeatOptions): Seats {
  const taken = new Map<string, number>();
  let total = 0;
  const take: Seats["take"] = (identity) => {
    const own = taken.get(identity) ?? 0;
    if (total >= maxViewers) {
      throw new TooManyViewers(
        `Expected at most ${maxViewers} subscriptions at one time on this gateway, got one more. Try again later, or another instance.`,
      );
    }
    if (own >= maxViewersPerIdentity) {
      throw new TooManyViewers(
        `Expected at most ${maxViewersPerIdentity} subscriptions at one time with these credentials, got one more. End one that is not needed.`,
      );
    }
    total += 1;
    taken.set(identity, own + 1);
    return () => {
      total -= 1;
      const left = (taken.get(identity) ?? 0) - 1;
      if (left > 0) taken.set(identity, left);
      else taken.delete(identity);
    };
  };
  return { take };
}
