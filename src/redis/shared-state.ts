/** Everything that instances share through Redis. The gateway loads this folder only if Redis is configured. */
import { createRedis, type ObserveRedis, type RedisLogger, type RedisOptions } from "./redis.ts";
import { createSharedDocuments, type SharedDocuments } from "./shared-documents.ts";

export interface SharedState {
  readonly documents: SharedDocuments;
  /** Whether Redis answers. If not, the instance works alone. */
  readonly isUp: () => boolean;
  readonly close: () => Promise<void>;
}

/** Returns at once; the connection is made in the background. */
export function createSharedState(
  options: RedisOptions,
  logger: RedisLogger,
  onCommand: ObserveRedis | null,
): SharedState {
  const redis = createRedis(options, logger, onCommand);
  return { documents: createSharedDocuments(redis), isUp: redis.isUp, close: redis.close };
}
