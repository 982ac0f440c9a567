/**
 * Polls of jobs that several instances watch, so that one of them polls for all. For each job and kind of required data,
 * Redis has
 *
 *     bk-job-graphql:poll:<hash>        the newest result, stored like a snapshot
 *     bk-job-graphql:poll:<hash>:turn   while an instance polls, its id; after a failure, a pause
 *
 * and for each job a channel, on which instances announce their results. Everything in Redis is untrusted except what a
 * result contains: a turn can delay a poll for a limited time, and an announcement only causes a read.
 */
import { randomUUID } from "node:crypto";
import type { RequiredData } from "../model/job-instance.ts";
import type { Channels } from "./channels.ts";
import type { Redis } from "./redis.ts";
import { type SnapshotStore, START_DIGITS, type StoredResponse, startDigitsOf } from "./snapshot-store.ts";

/** Why an instance need not poll. */
export type ClaimRefusal =
  /** Another instance polls, or the last poll has failed, for at most `waitMs` milliseconds. */
  | { readonly kind: "taken"; readonly waitMs: number }
  /** Another instance has polled. */
  | { readonly kind: "polled"; readonly requiredData: RequiredData };

/** The response of a poll. Times are by `performance.now()`. */
export interface PolledResponse {
  readonly body: Buffer;
  /** Facts about the response, as JSON. */
  readonly info: unknown;
  readonly startedAt: number;
  readonly receivedAt: number;
}

/** The polls of one job. */
export interface SharedPoll {
  /**
   * Asks for the turn to poll. An instance that polls ends its turn by `publish` or `release`.
   * @param since results of polls that have started after this time, by `performance.now()`, make a poll unnecessary; Infinity: none does
   * @returns null if this instance polls: it has the turn, or Redis does not answer
   */
  readonly claim: (requiredData: RequiredData, since: number) => Promise<ClaimRefusal | null>;
  /** Ends the turn, if this instance has it. Nobody gets it for `pauseMs` milliseconds. */
  readonly release: (requiredData: RequiredData, pauseMs?: number) => void;
  /** Ends the turn, after the response was stored, and announces it if other instances watch the job. */
  readonly publish: (requiredData: RequiredData, response: PolledResponse) => Promise<void>;
  /** The newest result of any instance, null if there is none or it cannot be read. */
  readonly read: (requiredData: RequiredData) => Promise<StoredResponse | null>;
  /** Whether other instances watched the job at the last claim. */
  readonly hasOthers: () => boolean;
  /** This instance no longer watches the job. */
  readonly leave: () => void;
}

export interface SharedPolls {
  /** @param onPolled called when another instance has announced a result */
  readonly join: (key: string, onPolled: (requiredData: RequiredData) => void) => SharedPoll;
  /** After this time, a turn of an instance that has died ends. */
  readonly leaseMs: number;
}

/** How long a result may be used, in milliseconds. */
export const POLL_MAX_AGE_MS = 30_000;

/**
 * Replies with two numbers: 0 if the caller has the turn now, the remaining time of the turn of another one, or -n if the
 * result in the nth entry is newer; and how many instances watch the job. A longer entry than its start is a result. A turn
 * that does not expire is of no instance.
 */
const CLAIM = `
local watching = redis.call('PUBSUB', 'NUMSUB', ARGV[4])[2]
for i = 2, #KEYS do
  local entry = redis.call('GETRANGE', KEYS[i], 0, ${START_DIGITS})
  if #entry > ${START_DIGITS} and string.sub(entry, 1, ${START_DIGITS}) > ARGV[3] then return {1 - i, watching} end
end
local owner = redis.call('GET', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if owner and owner ~= ARGV[1] and left > 0 then return {left, watching} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {0, watching}`;

const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], 'paused', 'PX', ARGV[2])
return 1`;

/** After all starts. */
const NEVER = "9".repeat(START_DIGITS);

/** In the order in which results are preferred: host results include the status. */
const SUFFICIENT: Readonly<Record<RequiredData, readonly RequiredData[]>> = {
  status: ["hosts", "status"],
  hosts: ["hosts"],
};

/** @param store entries of results, with the maximum age `POLL_MAX_AGE_MS` */
export function createSharedPolls(
  redis: Pick<Redis, "send" | "clock">,
  channels: Channels,
  store: SnapshotStore,
  leaseMs: number,
): SharedPolls {
  const instanceId = randomUUID();
  const join: SharedPolls["join"] = (key, onPolled) =>
    joinPolls({ ...redis, channels, store, leaseMs, instanceId }, key, onPolled);
  return { join, leaseMs };
}

interface Instance extends Pick<Redis, "send" | "clock"> {
  readonly channels: Channels;
  readonly store: SnapshotStore;
  readonly leaseMs: number;
  readonly instanceId: string;
}

function joinPolls(
  { send, clock, channels, store, leaseMs, instanceId }: Instance,
  key: string,
  onPolled: (requiredData: RequiredData) => void,
): SharedPoll {
  const entryOf = (requiredData: RequiredData) => `${requiredData} ${key}`;
  const nameOf = (requiredData: RequiredData) => store.nameOf(entryOf(requiredData));
  const turnOf = (requiredData: RequiredData) => `${nameOf(requiredData)}:turn`;
  const channel = store.nameOf(`channel ${key}`);
  /** Whether this instance has the turn, as far as it knows: a claim may succeed although its reply is lost. */
  const mayHaveTurn: Record<RequiredData, boolean> = { status: false, hosts: false };
  let hasOthers = false;

  const leave = channels.subscribe(channel, (message) => {
    const [sender, requiredData] = message.split(" ");
    if (sender !== instanceId && (requiredData === "status" || requiredData === "hosts"))
      onPolled(requiredData);
  });

  const claim: SharedPoll["claim"] = async (requiredData, since) => {
    const start = clock.toRedis(since);
    if (!start) return null;
    mayHaveTurn[requiredData] = true;
    const sufficient = SUFFICIENT[requiredData];
    const keys = [turnOf(requiredData), ...sufficient.map(nameOf)];
    const args = [
      instanceId,
      String(leaseMs),
      since === Infinity ? NEVER : startDigitsOf(start.latest),
      channel,
    ];
    const reply = await send("claim", ["EVAL", CLAIM, String(keys.length), ...keys, ...args]);
    const [state = Number.NaN, watching = 0] = Array.isArray(reply) ? reply.map(Number) : [];
    hasOthers = watching > (channels.isSubscribed(channel) ? 1 : 0);
    if (Number.isNaN(state) || state === 0) return null;
    mayHaveTurn[requiredData] = false;
    return state > 0
      ? { kind: "taken", waitMs: state }
      : { kind: "polled", requiredData: sufficient[-1 - state] ?? requiredData };
  };

  const endTurn = (requiredData: RequiredData, pauseMs: number) =>
    send("claim", ["EVAL", RELEASE, "1", turnOf(requiredData), instanceId, String(Math.ceil(pauseMs))]);

  const release: SharedPoll["release"] = (requiredData, pauseMs = 0) => {
    if (!mayHaveTurn[requiredData]) return;
    mayHaveTurn[requiredData] = false;
    void endTurn(requiredData, pauseMs);
  };

  const publish: SharedPoll["publish"] = async (requiredData, { startedAt, ...response }) => {
    if (!hasOthers) return release(requiredData);
    mayHaveTurn[requiredData] = false;
    const content = { ...response, maxAgeMs: POLL_MAX_AGE_MS };
    await store.set(entryOf(requiredData), { startedAt, content });
    // Unless the next turn of this instance has begun meanwhile.
    if (!mayHaveTurn[requiredData]) void endTurn(requiredData, 0);
    await send("claim", ["PUBLISH", channel, `${instanceId} ${requiredData}`]);
  };

  const read: SharedPoll["read"] = (requiredData) => store.get(entryOf(requiredData));
  return { claim, release, publish, read, hasOthers: () => hasOthers, leave };
}
