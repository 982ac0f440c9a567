/** What the gateway says about itself in the head of a page. */

export interface PageFacts {
  /** Whether the gateway runs on the embedded simulator, which needs no credentials. */
  readonly isSimulator: boolean;
  /** Whether the gateway runs only trusted documents. */
  readonly isTrustedOnly: boolean;
}

/** Reads what `http/page-files.ts` has inserted into the page. */
export function readPageFacts(): PageFacts {
  const content = document.querySelector<HTMLMetaElement>('meta[name="gateway"]')?.content;
  if (content === undefined) throw new Error("Expected the page to have a meta element of the gateway.");
  // The gateway that serves this page has written it.
  return JSON.parse(content) as PageFacts;
}
