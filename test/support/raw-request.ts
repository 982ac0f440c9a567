/** GraphQL requests as text, for clients on raw connections that control how they read. */
import { AUTHORIZATION } from "./ask.ts";

interface RawRequestOptions {
  readonly path?: string;
  readonly accept?: string;
  readonly connection?: "keep-alive" | "close";
}

/** A POST request with this body. */
export const rawPost = (
  body: string,
  { path = "/graphql", accept = "*/*", connection = "keep-alive" }: RawRequestOptions = {},
): string =>
  [
    `POST ${path} HTTP/1.1`,
    "host: x",
    `connection: ${connection}`,
    `accept: ${accept}`,
    "content-type: application/json",
    `x-bkapi-authorization: ${AUTHORIZATION}`,
    `content-length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");
