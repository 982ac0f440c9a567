/**
 * Sinks whose memory is used again. Each large response would otherwise take fresh megabytes outside of the heap, for
 * which V8 marks its heap again and again: on a second thread, but at as much CPU time as all the rest of the request.
 */
import { createJsonSink, type JsonSink } from "./json-sink.ts";

export interface SinkPool {
  /** An empty sink, with room for `capacity` bytes to begin with. */
  readonly take: (capacity: number) => JsonSink;
  /** To be called once for each sink that was taken, when nothing refers to its bytes any more. */
  readonly giveBack: (sink: JsonSink) => void;
}

/** Sinks that wait for the next response, and the largest that is kept: 32 MiB at the most. */
const MAX_IDLE = 4;
const MAX_IDLE_BYTES = 8 * 2 ** 20;

export function createSinkPool(maxBytes: number): SinkPool {
  const idle: JsonSink[] = [];
  return {
    take: (capacity) => {
      // The one that was used last is the one whose memory is still in the processor's cache.
      const index = idle.findLastIndex(({ bytes }) => bytes.length >= capacity);
      const [sink] = index < 0 ? [] : idle.splice(index, 1);
      return sink ?? createJsonSink(capacity, maxBytes);
    },
    giveBack: (sink) => {
      if (sink.bytes.length > MAX_IDLE_BYTES) return;
      sink.length = 0;
      idle.push(sink);
      // Small ones go first: a larger one does for a small response too.
      if (idle.length > MAX_IDLE) idle.splice(smallest(idle), 1);
    },
  };
}

const smallest = (sinks: readonly JsonSink[]): number =>
  sinks.reduce(
    (found, { bytes }, index) => (bytes.length < (sinks[found]?.bytes.length ?? 0) ? index : found),
    0,
  );
