/** Everything that instances share through Redis. The gateway loads this folder only if Redis is configured. */
import { type Channels, createChannels } from "./channels.ts";
import type { ConnectionOptions } from "./connection.ts";
import { createOperationCounts, type OperationCounts } from "./operation-counts.ts";
import { createRedis, type ObserveRedis } from "./redis.ts";
import { createSharedDocuments, type SharedDocuments } from "./shared-documents.ts";
import { createSharedPolls, POLL_MAX_AGE_MS, type SharedPolls } from "./shared-polls.ts";
import { createSnapshotStore, type SnapshotStore, type SnapshotStoreOptions } from "./snapshot-store.ts";
import type { RedisLogger } from "./state-log.ts";

/** What instances share, and with which Redis. */
export interface SharingOptions extends ConnectionOptions {
  /** The secret that instances share. Empty: rate limits are not shared. Default: empty. */
  readonly secret?: string;
  /** Null: neither snapshots nor polls are shared. */
  readonly snapshots: Pick<SnapshotStoreOptions, "secret" | "maxBytes"> | null;
}

interface SharedStateOptions extends SharingOptions {
  readonly upstream: {
    readonly baseUrl: URL;
    readonly maxBodyBytes: number;
    readonly timeoutMs: number;
  };
  readonly maxAges: { readonly maxAgeRunningMs: number; readonly maxAgeFinishedMs: number };
}

export interface SharedState {
  readonly documents: SharedDocuments;
  /** Null if snapshots are not shared. */
  readonly snapshots: SnapshotStore | null;
  /** Null if polls are not shared. */
  readonly polls: SharedPolls | null;
  /** The counters of the rate limit. Null, with a reason in the log, if they are not shared. */
  readonly createOperationCounts: (windowMs: number) => OperationCounts | null;
  /** Whether Redis answers. If not, the instance works alone. */
  readonly isUp: () => boolean;
  readonly close: () => Promise<void>;
}

/** How long a turn to poll lasts in addition to the timeout of a call. */
const LEASE_SPARE_MS = 1_000;

/** Returns at once; the connections are made in the background. */
export function createSharedState(
  options: SharedStateOptions,
  logger: RedisLogger,
  onCommand: ObserveRedis | null,
): SharedState {
  const { maxAgeRunningMs, maxAgeFinishedMs } = options.maxAges;
  const store = storeOptions(options, logger);
  const maxAgeMs = Math.max(maxAgeRunningMs, maxAgeFinishedMs);
  const maxStoredMs = store ? Math.max(maxAgeMs, POLL_MAX_AGE_MS) : 0;
  const redis = createRedis({ ...options, maxStoredMs }, logger, onCommand);
  const channels = store && createChannels(options, logger);
  const createPolls = (store: SharedStoreOptions, channels: Channels) => {
    const results = createSnapshotStore(redis, { ...store, prefix: "poll", maxAgeMs: POLL_MAX_AGE_MS });
    return createSharedPolls(redis, channels, results, options.upstream.timeoutMs + LEASE_SPARE_MS);
  };
  return {
    documents: createSharedDocuments(redis),
    snapshots:
      store && maxAgeMs > 0 ? createSnapshotStore(redis, { ...store, prefix: "snapshot", maxAgeMs }) : null,
    polls: store && channels && createPolls(store, channels),
    createOperationCounts: (windowMs) => {
      const { secret = "", upstream } = options;
      if (secret !== "") {
        return createOperationCounts(redis, { secret, namespace: namespaceOf(upstream.baseUrl), windowMs });
      }
      logger.warn("Redis: rate limits are not shared without IDENTITY_KEY.");
      return null;
    },
    isUp: redis.isUp,
    close: async () => void (await Promise.all([redis.close(), channels?.close()])),
  };
}

/** Instances share data only of the same upstream. A slash at the end of its URL makes no difference, as for its calls. */
const namespaceOf = ({ href }: URL): string => href.replace(/\/+$/, "");

type SharedStoreOptions = Omit<SnapshotStoreOptions, "prefix" | "maxAgeMs">;

/** Null, with a reason in the log, if instances cannot share snapshots and polls. */
function storeOptions(
  { snapshots, upstream, timeoutMs }: SharedStateOptions,
  logger: RedisLogger,
): SharedStoreOptions | null {
  if (!snapshots) return null;
  if (snapshots.secret === "") {
    logger.warn("Redis: snapshots and polls are not shared without IDENTITY_KEY.");
    return null;
  }
  const { baseUrl, maxBodyBytes } = upstream;
  return { ...snapshots, namespace: namespaceOf(baseUrl), maxBodyBytes, timeoutMs };
}
