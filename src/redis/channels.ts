/**
 * Notifications between instances. They have a connection of their own, because one that has subscribed cannot send other
 * commands in the version of the protocol that every server and proxy understands. Notifications can get lost, so they
 * only tell when to look for something.
 */
import { ErrorReply } from "@redis/client";
import { type ConnectionOptions, keepConnected, type RedisClient, withTimeLimit } from "./connection.ts";
import { failureReason } from "./failure-reason.ts";
import { createStateLog, type RedisLogger } from "./state-log.ts";

export interface Channels {
  /**
   * Calls `onMessage` with each message while Redis answers. A channel has one subscriber in this instance.
   * @returns a function that ends the subscription
   */
  readonly subscribe: (channel: string, onMessage: (message: string) => void) => () => void;
  /** Whether Redis has confirmed the subscription. */
  readonly isSubscribed: (channel: string) => boolean;
  readonly close: () => Promise<void>;
}

/** Connects in the background. */
export function createChannels(options: ConnectionOptions, logger: RedisLogger): Channels {
  const listeners = new Map<string, (message: string) => void>();
  /** Subscriptions of the current connection: sent or confirmed. */
  const subscriptions = new Map<string, "sent" | "confirmed">();
  const log = createStateLog(logger);
  const onMessage = (message: string, channel: string) => listeners.get(channel)?.(message);

  const subscribeMissing = async (client: RedisClient) => {
    const missing = [...listeners.keys()].filter((channel) => !subscriptions.has(channel));
    if (missing.length === 0) return;
    for (const channel of missing) subscriptions.set(channel, "sent");
    try {
      await withTimeLimit(client.subscribe(missing, onMessage), options.timeoutMs);
      for (const channel of missing) {
        if (subscriptions.has(channel)) subscriptions.set(channel, "confirmed");
      }
      log("subscriptions", null);
    } catch (error) {
      if (!(error instanceof ErrorReply)) throw error;
      // The next check tries again.
      for (const channel of missing) subscriptions.delete(channel);
      log("subscriptions", failureReason(error));
    }
  };

  const { session, close } = keepConnected(options, {
    check: async (client) => {
      await withTimeLimit(client.sendCommand(["PING"]), options.timeoutMs).catch(ignoreErrorReply);
      if (session()?.client === client) await subscribeMissing(client);
    },
    onOpen: ({ client, end }) => {
      subscriptions.clear();
      subscribeMissing(client).catch(end);
    },
    // The connection for commands logs it.
    onFailed: () => subscriptions.clear(),
  });

  const subscribe: Channels["subscribe"] = (channel, listener) => {
    listeners.set(channel, listener);
    const opened = session();
    if (opened) subscribeMissing(opened.client).catch(opened.end);
    return () => {
      listeners.delete(channel);
      if (!subscriptions.delete(channel)) return;
      // If it fails, messages of the channel are ignored.
      session()
        ?.client.unsubscribe(channel, onMessage)
        .catch(() => {});
    };
  };

  return { subscribe, isSubscribed: (channel) => subscriptions.get(channel) === "confirmed", close };
}

/** It is an answer, too, such as of a user that may not send PING. */
function ignoreErrorReply(error: unknown): void {
  if (!(error instanceof ErrorReply)) throw error;
}
