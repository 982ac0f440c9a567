/** Subscription limits: in total and by identity. */

export interface SubscriptionLimitOptions {
  /** Maximum number of concurrent subscriptions. */
  readonly maxSubscriptions: number;
  /** Maximum number of concurrent subscriptions with the same identity. */
  readonly maxSubscriptionsPerIdentity: number;
}

export interface SubscriptionLimits {
  /**
   * Counts a subscription.
   * @returns a function that removes it from the count; call it once.
   * @throws TooManySubscriptions
   */
  readonly add: (identity: string) => () => void;
}

/** The gateway or the identity has reached its subscription limit. */
export class TooManySubscriptions extends Error {
  override readonly name = "TooManySubscriptions";
}

export function createSubscriptionLimits({
  maxSubscriptions,
  maxSubscriptionsPerIdentity,
}: SubscriptionLimitOptions): SubscriptionLimits {
  const countByIdentity = new Map<string, number>();
  let total = 0;

  const add: SubscriptionLimits["add"] = (identity) => {
    const own = countByIdentity.get(identity) ?? 0;
    if (total >= maxSubscriptions) {
      throw new TooManySubscriptions(
        `Too many subscriptions on this gateway (maximum ${maxSubscriptions}). Retry later, or on another instance.`,
      );
    }
    if (own >= maxSubscriptionsPerIdentity) {
      throw new TooManySubscriptions(
        `Too many subscriptions with these credentials (maximum ${maxSubscriptionsPerIdentity}). End a subscription that you no longer need.`,
      );
    }
    total += 1;
    countByIdentity.set(identity, own + 1);
    return () => {
      total -= 1;
      const remaining = (countByIdentity.get(identity) ?? 0) - 1;
      if (remaining > 0) countByIdentity.set(identity, remaining);
      else countByIdentity.delete(identity);
    };
  };

  return { add };
}
