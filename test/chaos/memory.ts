/** The memory of the process that runs as long as the chaos: after each round, it takes no more than after the first one. */
import { scrape } from "../support/prometheus.ts";
import type { Instance, Run } from "./instances.ts";
import type { Report } from "./report.ts";

/** Compiled code and caches with a limit still grow after the first round. A leak grows with each request. */
const MAX_HEAP_GROWTH = 8 * 2 ** 20;
/** The pool of buffers for large responses alone may grow by 32 MiB. */
const MAX_EXTERNAL_GROWTH = 48 * 2 ** 20;
const MAX_OPEN_FILES_GROWTH = 20;

interface Sizes {
  readonly heap: number;
  readonly external: number;
  readonly openFiles: number;
}

export interface MemoryCheck {
  /** Measures when no client is left. */
  readonly measure: () => Promise<void>;
}

export function createMemoryCheck(instances: readonly Instance[], report: Report): MemoryCheck {
  const steady = instances.find(({ kind }) => kind.isSteady);
  let first: Sizes | null = null;
  return {
    measure: async () => {
      if (!steady) return;
      const sizes = await sizesOf(steady.run());
      report.note(describe(sizes));
      first ??= sizes;
      const isFlat =
        sizes.heap <= first.heap + MAX_HEAP_GROWTH &&
        sizes.external <= first.external + MAX_EXTERNAL_GROWTH &&
        sizes.openFiles <= first.openFiles + MAX_OPEN_FILES_GROWTH;
      if (!isFlat) report.violate("Memory grows", { first, now: sizes });
    },
  };
}

async function sizesOf({ program, url }: Run): Promise<Sizes> {
  const measured = () => [...program.stderr().matchAll(/^heap (\d+)$/gm)];
  const before = measured().length;
  // See `collect-garbage.ts`.
  program.process.kill("SIGUSR2");
  await program.until(() => measured().length > before);
  const { sum } = await scrape(url);
  return {
    heap: Number(measured().at(-1)?.[1]),
    external: sum("nodejs_external_memory_bytes"),
    openFiles: sum("process_open_fds"),
  };
}

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

const describe = ({ heap, external, openFiles }: Sizes): string =>
  `memory after a round: heap ${megabytes(heap)} MiB, external ${megabytes(external)} MiB, ${openFiles} open files`;
