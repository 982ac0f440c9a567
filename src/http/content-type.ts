/** Chooses the content type of GraphQL responses by the `Accept` header. */
import { LRUCache } from "lru-cache";
import Negotiator from "negotiator";
import { acceptsMultipart } from "./multipart.ts";

const CONTENT_TYPES = [
  "application/json; charset=utf-8",
  "application/graphql-response+json; charset=utf-8",
] as const;

/** Content types are cached by `Accept` header: clients use few, and negotiation takes a few microseconds. */
const MAX_ACCEPTS = 100;
const MAX_ACCEPT_LENGTH = 300;

/** Chooses the content type of a response as Apollo Server does. Null when the client accepts neither. */
export function createContentNegotiation(): (accept: string | undefined) => string | null {
  const cache = new LRUCache<string, { readonly type: string | null }>({ max: MAX_ACCEPTS });
  return (accept) => {
    if (!accept || accept.length > MAX_ACCEPT_LENGTH) return negotiate(accept);
    const cached = cache.get(accept);
    if (cached) return cached.type;
    const type = negotiate(accept);
    cache.set(accept, { type });
    return type;
  };
}

/** The content type of a response, or null when the client accepts neither. */
function negotiate(accept: string | undefined): string | null {
  if (!accept) return CONTENT_TYPES[0];
  const chosen = new Negotiator({ headers: { accept } }).mediaType([...CONTENT_TYPES]);
  // Clients of multipart subscriptions and browsers can read JSON, too.
  if (chosen === undefined && (acceptsMultipart(accept) || acceptsHtml(accept))) return CONTENT_TYPES[0];
  return chosen ?? null;
}

export const acceptsHtml = (accept = ""): boolean => /\btext\/html\b/i.test(accept);

/** The content type of an error response. A client that accepts neither gets JSON. */
export const errorContentType = (accept: string | undefined): string => negotiate(accept) ?? CONTENT_TYPES[0];
