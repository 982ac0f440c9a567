/** Equal requests have the same content type, whatever preceded them. */
import type { Asked } from "./draw-steps.ts";
import type { Answer } from "./transports.ts";

export interface ContentTypes {
  /** The error in the content type of a response, or null. */
  readonly errorIn: (asked: Asked, answer: Answer) => string | null;
}

export function createContentTypes(): ContentTypes {
  const known = new Map<string, { readonly type: string | null; readonly operation: number }>();
  let operation = 0;
  return {
    errorIn: (asked, { contentTypes, result }) => {
      operation += 1;
      const key = keyOf(asked, result.data !== undefined);
      for (const type of contentTypes) {
        const first = known.get(key) ?? { type, operation };
        known.set(key, first);
        if (first.type !== type)
          return `expected the content type ${first.type} of operation ${first.operation}, got ${type} (${key})`;
      }
      return null;
    },
  };
}

const keyOf = ({ transport, isLive, accept }: Asked, hasData: boolean): string => {
  if (transport === "multipart" || transport === "events")
    return `${transport}, ${isLive ? "subscription" : "query"}, ${hasData ? "runs" : "refused"}`;
  return `${transport === "get" ? "GET" : "POST"}, Accept: ${accept ?? "none"}`;
};
