/** How many subscriptions there may be at one time. */

export interface SubscriptionLimitOptions {
  /** Maximum number of subscriptions at one time. */
  readonly maxViewers: number;
  /** Maximum number of them with the same identity. */
  readonly maxViewersPerIdentity: number;
}

export interface SubscriptionLimits {
  /** Counts one more subscription. @returns ends it; to be called once. @throws TooManySubscriptions */
  readonly add: (identity: string) => () => void;
}

/** More subscriptions than this gateway is configured to take. */
export class TooManySubscriptions extends Error {
  override readonly name = "TooManySubscriptions";
}

export function createSubscriptionLimits({
  maxViewers,
  maxViewersPerIdentity,
}: SubscriptionLimitOptions): SubscriptionLimits {
  const countByIdentity = new Map<string, number>();
  let total = 0;

  const add: SubscriptionLimits["add"] = (identity) => {
    const own = countByIdentity.get(identity) ?? 0;
    if (total >= maxViewers) {
      throw new TooManySubscriptions(
        `Too many subscriptions on this gateway (maximum ${maxViewers}). Retry later, or on another instance.`,
      );
    }
    if (own >= maxViewersPerIdentity) {
      throw new TooManySubscriptions(
        `Too many subscriptions with these credentials (maximum ${maxViewersPerIdentity}). End one that you no longer need.`,
      );
    }
    total += 1;
    countByIdentity.set(identity, own + 1);
    return () => {
      total -= 1;
      const left = (countByIdentity.get(identity) ?? 0) - 1;
      if (left > 0) countByIdentity.set(identity, left);
      else countByIdentity.delete(identity);
    };
  };

  return { add };
}
