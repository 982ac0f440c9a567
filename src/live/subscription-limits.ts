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
  readonly limit: "LIVE_MAX_VIEWERS" | "LIVE_MAX_VIEWERS_PER_IDENTITY";

  constructor(message: string, limit: TooManySubscriptions["limit"]) {
    super(message);
    this.limit = limit;
  }
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
        "LIVE_MAX_VIEWERS",
      );
    }
    if (own >= maxSubscriptionsPerIdentity) {
      throw new TooManySubscriptions(
        `Too many subscriptions with these credentials (maximum ${maxSubscriptionsPerIdentity}). End a subscription that you no longer need.`,
        "LIVE_MAX_VIEWERS_PER_IDENTITY",
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
