/** Everything that instances share through Redis. The gateway loads this folder only if Redis is configured. */
import type { ConnectionOptions } from "./connection.ts";
import { createRedis, type ObserveRedis } from "./redis.ts";
import { createSharedDocuments, type SharedDocuments } from "./shared-documents.ts";
import { createSnapshotStore, type SnapshotStore, type SnapshotStoreOptions } from "./snapshot-store.ts";
import type { RedisLogger } from "./state-log.ts";

/** What instances share, and with which Redis. */
export interface SharingOptions extends ConnectionOptions {
  /** Null: snapshots are not shared. */
  readonly snapshots: Pick<SnapshotStoreOptions, "secret" | "maxBytes"> | null;
}

interface SharedStateOptions extends SharingOptions {
  readonly upstream: { readonly baseUrl: URL; readonly maxBodyBytes: number };
  readonly maxAges: { readonly maxAgeRunningMs: number; readonly maxAgeFinishedMs: number };
}

export interface SharedState {
  readonly documents: SharedDocuments;
  /** Null if snapshots are not shared. */
  readonly snapshots: SnapshotStore | null;
  /** Whether Redis answers. If not, the instance works alone. */
  readonly isUp: () => boolean;
  readonly close: () => Promise<void>;
}

/** Returns at once; the connection is made in the background. */
export function createSharedState(
  options: SharedStateOptions,
  logger: RedisLogger,
  onCommand: ObserveRedis | null,
): SharedState {
  const snapshots = snapshotStoreOptions(options, logger);
  const redis = createRedis({ ...options, maxStoredMs: snapshots?.maxAgeMs ?? 0 }, logger, onCommand);
  return {
    documents: createSharedDocuments(redis),
    snapshots: snapshots && createSnapshotStore(redis, snapshots),
    isUp: redis.isUp,
    close: redis.close,
  };
}

/** Null, with a reason in the log, if instances cannot share snapshots. */
function snapshotStoreOptions(
  { snapshots, upstream, maxAges, timeoutMs }: SharedStateOptions,
  logger: RedisLogger,
): SnapshotStoreOptions | null {
  const maxAgeMs = Math.max(maxAges.maxAgeRunningMs, maxAges.maxAgeFinishedMs);
  if (!snapshots || maxAgeMs === 0) return null;
  if (snapshots.secret === "") {
    logger.warn("Redis: snapshots are not shared, because IDENTITY_KEY is not set.");
    return null;
  }
  const { baseUrl, maxBodyBytes } = upstream;
  return { ...snapshots, namespace: baseUrl.href, maxBodyBytes, maxAgeMs, timeoutMs };
}
