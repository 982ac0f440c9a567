/** Tells the editors where their workers are. */

/** The files of the workers in the folder of this script, by label. `build/pages.ts` replaces it. */
declare const WORKER_FILES: Readonly<Record<string, string>>;

export function setUpWorkers(): void {
  window.MonacoEnvironment = {
    getWorker: (_id, label) =>
      new Worker(new URL(WORKER_FILES[label] ?? WORKER_FILES.editor ?? "", import.meta.url)),
  };
}
